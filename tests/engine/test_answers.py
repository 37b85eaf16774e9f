"""Votes, decisions, deadlines: what a request's policy does with answers."""

from typing import Any

import pytest

from tests.engine.definitions import a_step, define
from tests.engine.story import Story
from tests.flows import APPROVE, REJECT
from workflows_app.engine import Event, InputRequestEvent
from workflows_app.engine.commands import (
    CloseRequest,
    DropVote,
    MoveRequest,
    OpenRequest,
    RecordVote,
    Refuse,
)
from workflows_app.engine.emission import as_request
from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    NotAllowedError,
    UnknownRequestError,
)
from workflows_app.engine.policy import Escalation, Responder, ReviewPolicy
from workflows_app.engine.ticks import (
    Asked,
    Delegated,
    Paused,
    RequestDue,
    Resumed,
    StepParked,
    VoteCast,
    VoteWithdrawn,
)

REVIEWERS = frozenset({"reviewers"})
ADA = Responder("person", "ada", REVIEWERS)
BOB = Responder("person", "bob", REVIEWERS)
CLEO = Responder("person", "cleo", REVIEWERS)


def asking(**policy: Any) -> Story:
    story = Story(
        define(
            a_step("ask"),
            a_step("decide", "InputResponseEvent"),
            a_step("late", "Late"),
        )
    )
    question = InputRequestEvent(
        "q", "Well?", outcomes=[APPROVE, REJECT], policy=ReviewPolicy(**policy)
    )
    return story.complete(story.claim(), question)


def vote(who: Responder, outcome: str = "approve", **more: Any) -> VoteCast:
    reason = "no" if outcome == "reject" else ""
    return VoteCast("q", None, outcome=outcome, reason=reason, responder=who, **more)


def refusal(story: Story) -> Exception:
    return story.of(Refuse)[0].error


def test_two_approvals_need_two_people() -> None:
    story = asking(approvals=2).tick(vote(ADA))
    assert story.of(RecordVote)[0].decides is False
    assert story.ready == []

    story.tick(vote(ADA))
    assert isinstance(refusal(story), AlreadyAnsweredError)

    story.tick(vote(BOB))
    assert story.of(RecordVote)[0].decides is True
    assert story.ready == ["decide"]
    assert '"responder":"ada"' in story.claim().event.body


def test_one_refusal_is_enough() -> None:
    story = asking(approvals=3).tick(vote(ADA)).tick(vote(BOB, "reject"))

    assert story.of(CloseRequest)[0].status == "answered"
    assert story.of(RecordVote)[0].vote.outcome == "reject"


def test_the_starter_may_be_kept_from_deciding() -> None:
    story = asking(starter_may_decide=False)
    story.state.started_by = "ada"

    story.tick(vote(ADA))

    assert isinstance(refusal(story), NotAllowedError)
    assert story.tick(vote(BOB)).ready == ["decide"]


def test_a_decision_in_the_browser_counts_only_when_it_can_no_longer_be_undone() -> (
    None
):
    story = asking(undo_seconds=5).tick(vote(ADA, door="browser"))
    assert story.of(MoveRequest)[0].request.decision is not None
    assert (story.kinds[-1], story.ready) == ("input_decided", [])

    assert story.tick(RequestDue("q")).ready == []
    story.now += 5
    assert story.tick(RequestDue("q")).ready == ["decide"]


def test_a_person_may_choose_less_time_to_undo_never_more() -> None:
    assert asking().tick(vote(ADA, door="browser", undo=0.0)).ready == ["decide"]
    story = asking(undo_seconds=2).tick(vote(ADA, door="browser", undo=600.0))
    decision = story.state.requests["q"].decision
    assert decision is not None
    assert decision.effective_at == story.now + 2


def test_who_decided_takes_it_back_and_others_cannot() -> None:
    story = asking().tick(vote(ADA, door="browser"))

    story.tick(VoteWithdrawn("q", BOB))
    assert isinstance(refusal(story), UnknownRequestError)
    story.tick(VoteWithdrawn("q", ADA))

    assert story.of(DropVote)[0].name == "ada"
    assert story.kinds[-1] == "input_undone"
    assert story.state.requests["q"].decision is None
    assert story.tick(vote(BOB)).ready == ["decide"]


def test_it_is_too_late_to_undo_when_the_decision_counts() -> None:
    story = asking(undo_seconds=5).tick(vote(ADA, door="browser"))
    story.now += 60

    story.tick(VoteWithdrawn("q", ADA))

    assert isinstance(refusal(story), UnknownRequestError)
    assert story.ready == ["decide"]


def test_of_several_votes_one_takes_back_his_own() -> None:
    story = asking(approvals=2).tick(vote(ADA)).tick(vote(BOB, door="browser"))

    story.tick(VoteWithdrawn("q", ADA))

    request = story.state.requests["q"]
    assert ([v.name for v in request.votes], request.decision) == (["bob"], None)


def test_a_decision_stands_when_a_vote_is_taken_back_that_it_does_not_need() -> None:
    story = asking(approvals=2, undo_seconds=5).tick(vote(ADA))
    story.tick(vote(BOB, "reject", door="browser"))

    story.tick(VoteWithdrawn("q", ADA))

    assert story.kinds[-1] == "vote_withdrawn"
    story.now += 5
    assert story.tick(RequestDue("q")).ready == ["decide"]


def test_a_deadline_never_overtakes_a_decision_in_its_undo_time() -> None:
    story = asking(undo_seconds=60, due_in=30).tick(vote(ADA, door="browser"))
    story.now += 40

    assert story.tick(RequestDue("q")).commands == []
    story.now += 40
    assert story.tick(RequestDue("q")).ready == ["decide"]


def test_the_deadline_decides_and_is_no_person() -> None:
    story = asking(due_in=30, on_due="reject")
    story.now += 30

    story.tick(RequestDue("q"))

    vote = story.of(RecordVote)[0].vote
    assert (vote.kind, vote.name, vote.outcome) == ("deadline", "deadline", "reject")
    assert story.ready == ["decide"]


def test_what_the_deadline_chooses_is_the_answer_too() -> None:
    story = Story(define(a_step("ask"), a_step("decide", "InputResponseEvent")))
    asked = InputRequestEvent("q", choices=[1, 2], expires_in=30, on_expire="2")
    story.complete(story.claim(), asked)
    story.now += 30

    story.tick(RequestDue("q"))

    assert story.of(RecordVote)[0].vote.answer == "2"


def test_an_event_is_sent_when_nobody_answers() -> None:
    story = asking(due_in=30, on_due=Event("Late"))
    story.now += 30

    assert story.tick(RequestDue("q")).ready == ["late"]


def test_a_pause_holds_the_deadline_back_and_answers_still_count() -> None:
    story = asking(due_in=30).tick(Paused())
    story.now += 60

    assert story.tick(RequestDue("q")).commands == []
    story.tick(vote(ADA))
    assert story.tick(Resumed()).ready == ["decide"]


def test_an_overdue_request_expires_at_the_end_of_the_pause() -> None:
    story = asking(due_in=30).tick(Paused())
    story.now += 60

    story.tick(Resumed())

    assert story.error["scope"] == "request"


def test_more_people_may_answer_step_by_step() -> None:
    ladder = (Escalation(60, ("leads",)), Escalation(120, ("board",)))
    story = asking(groups=("finance",), escalate=ladder)
    lead = Responder("person", "dana", frozenset({"leads"}))
    assert isinstance(refusal(story.tick(vote(lead))), NotAllowedError)
    story.now += 60

    story.tick(RequestDue("q"))

    assert story.of(MoveRequest)[0].request.policy["groups"] == ["finance", "leads"]
    assert story.state.requests["q"].due_at == pytest.approx(story.now + 60, abs=3)
    assert story.tick(vote(lead)).ready == ["decide"]


def test_a_request_is_handed_to_somebody_else() -> None:
    story = asking(assignees=("ada",))
    mia = Responder("person", "mia")

    story.tick(Delegated("q", ADA, "mia", "on holiday"))

    assert story.of(MoveRequest)[0].request.policy["assignees"] == ["mia"]
    assert isinstance(refusal(story.tick(vote(ADA))), NotAllowedError)
    assert story.tick(vote(mia)).ready == ["decide"]


@pytest.mark.parametrize("who", [ADA, Responder("person", "eve")])
def test_only_who_may_answer_may_hand_on_and_only_if_it_is_allowed(
    who: Responder,
) -> None:
    story = asking(delegate=False).tick(Delegated("q", who, "mia"))

    assert isinstance(refusal(story), NotAllowedError)


def test_an_early_answer_is_kept_for_its_question() -> None:
    story = Story(define(a_step("ask"), a_step("decide", "InputResponseEvent")))
    story.tick(VoteCast("q", None, hold_for=60))
    assert "q" in story.state.held_answers

    story.complete(story.claim(), InputRequestEvent("q", "Well?"))

    assert story.of(OpenRequest)
    assert story.ready == ["decide"]
    assert story.state.held_answers == {}


def test_an_early_answer_is_not_kept_for_ever() -> None:
    story = Story(define(a_step("ask"), a_step("decide", "InputResponseEvent")))
    story.tick(VoteCast("q", None, hold_for=60))
    story.now += 61

    story.complete(story.claim(), InputRequestEvent("q", "Well?"))

    assert story.ready == []
    assert "q" in story.state.requests


def test_an_early_answer_is_not_replaced_by_another() -> None:
    story = Story(define(a_step("ask"), a_step("decide", "InputResponseEvent")))
    story.tick(VoteCast("q", "first", hold_for=60, idempotency_key="k"))

    for again in (
        VoteCast("q", "first", hold_for=60),
        VoteCast("q", "second", hold_for=60, idempotency_key="k"),
    ):
        assert story.tick(again).commands == []
    story.tick(VoteCast("q", "second", hold_for=60))

    assert isinstance(refusal(story), AlreadyAnsweredError)
    assert story.state.held_answers["q"].vote.answer == '"first"'


def test_an_early_answer_that_does_not_fit_leaves_the_question_open() -> None:
    story = Story(define(a_step("ask"), a_step("decide", "InputResponseEvent")))
    story.tick(VoteCast("q", "maybe", hold_for=60))

    question = InputRequestEvent("q", "Well?", schema={"type": "boolean"})
    story.complete(story.claim(), question)

    assert "input_rejected" in story.kinds
    assert "q" in story.state.requests


def test_a_parked_call_runs_again_with_the_answer_it_asked_for() -> None:
    story = Story(define(a_step("ask")))
    call = story.claim()
    request = as_request(InputRequestEvent("name", "Who?", schema={"type": "string"}))

    story.tick(StepParked(call.number, call.attempt, "name", request))
    assert (story.status, story.ready) == ("waiting", [])

    story.tick(VoteCast("name", "Ada"))
    again = story.claim()
    assert (again.attempt, again.remembered) == (2, {"input:name": '"Ada"'})


def parked(**options: Any) -> Story:
    story = Story(define(a_step("ask"), a_step("late", "Late")))
    call = story.claim()
    request = as_request(InputRequestEvent("q", "Well?", **options), "call")
    return story.tick(StepParked(call.number, call.attempt, "q", request))


def test_none_is_an_answer_where_there_is_nothing_to_choose() -> None:
    plain = parked().tick(VoteCast("q", None))
    chosen = parked(outcomes=[APPROVE]).tick(VoteCast("q", None))

    assert plain.claim().remembered == {"input:q": "null"}
    assert chosen.claim().remembered == {"input:q": '"approve"'}


def test_a_parked_call_ends_when_an_event_comes_in_place_of_its_answer() -> None:
    story = parked(expires_in=30, on_expire=Event("Late"))
    story.now += 30

    story.tick(RequestDue("q"))
    assert story.ready == ["late"]
    story.complete(story.claim())

    assert story.error["type"] == "StalledError"


def test_a_call_does_not_park_when_the_event_after_it_would_reach_nobody() -> None:
    story = parked(expires_in=30, on_expire=Event("Nowhere"))

    assert story.error["error_type"] == "NoHandlerError"


def test_a_question_without_steps_ends_with_its_decision() -> None:
    story = Story(define())
    story.state.started_at = 0.0
    story.state.status = "running"
    request = as_request(InputRequestEvent("q", "Well?", outcomes=[APPROVE, REJECT]))
    story.tick(Asked(request))
    assert story.status == "waiting"

    story.tick(vote(ADA))

    assert story.status == "completed"
    assert '"outcome":"approve"' in (story.lines[-1].text or "")
