"""The page of one request as one reader sees it: in which state, and what beside it."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from review_app.answer_sheet import AnswerSheet
from review_app.fragments import draw_lines
from review_app.given_answer import answer_of
from review_app.json_text import json_text
from review_app.previous_round import previous_round
from review_app.queue.tabs import TABS
from review_app.queue.walk import Around
from review_app.queue_list import QueueList
from review_app.together import together
from review_app.what_next import what_next
from workflows_app import access
from workflows_app.engine.policy import DEADLINE
from workflows_app.models import InputRequest, InputResponse, RunEvent
from workflows_app.runtime.definitions import get_definition
from workflows_app.shown.decisions import label_of
from workflows_app.written import KEPT, Text

SHOWN_LINES = 5
MOST_OTHERS = 10
_RUN, _ASKED = UUID(int=1), UUID(int=2)
"""Stand in a written query for the ids that it is asked about."""


def beside(view: QueueList, around: Around) -> dict[str, Any]:
    """The list that the reader goes through, and where in it he is."""
    return {"view": view, "tab": TABS[view.tab], "around": around, "next": around.next}


def describe(sheet: AnswerSheet, user: User, panel: str) -> dict[str, Any]:
    """All that the page tells; `panel` is the state, where an answer has led to it."""
    asked, seen = sheet.asked, together(user, sheet.asked)
    votes = votes_on(asked) if seen.votes else []
    mine = next((vote for vote in votes if vote.user == user), None)
    objection = access.find_objection_to(user, asked)
    panel = panel or find_panel(asked, objection, mine)
    return {
        "asked": asked,
        "content": asked.content,
        "run": asked.run,
        "version": get_definition(asked.run.definition_id).version,
        "sheet": sheet,
        "panel": panel,
        "panel_template": f"review/_panel_{panel}.html",
        "objection": objection,
        "others": _others_of_run(user, asked),
        "lines": SimpleLazyObject(lambda: so_far(asked)),
        "mine": mine,
        "what_next": what_next(asked),
        "previous": previous_round(user, asked),
        "together": seen,
        **_answer(asked, votes),
        **_news_of(panel, sheet),
    }


def votes_on(asked: InputRequest) -> list[InputResponse]:
    """The answers that stand, oldest first."""
    return list(asked.standing_votes.select_related("user"))


def is_by_deadline(response: InputResponse | None) -> bool:
    """A deadline is no person, and nobody's answer came before it."""
    return response is not None and response.responder_kind == DEADLINE.kind


def find_panel(
    asked: InputRequest, objection: str | None, mine: InputResponse | None
) -> str:
    """The state that the panel shows, as long as nobody has tried to answer."""
    match asked.status:
        case InputRequest.Status.OPEN:
            if mine is not None:
                return "partly"
            return "no_right" if objection else "open"
        case InputRequest.Status.DECIDED if mine is not None and mine.decides:
            return "undo"
        case InputRequest.Status.DECIDED | InputRequest.Status.ANSWERED:
            return "decided"
        case _:
            return str(asked.status)


def _answer(asked: InputRequest, votes: list[InputResponse]) -> dict[str, Any]:
    """The answer that decided, if one did, as fields to be read."""
    response = next((vote for vote in votes if vote.decides), None)
    if response is None:
        return {"response": None}
    content = asked.content
    return {
        "response": response,
        "outcome_label": label_of(content, response.outcome),
        "given": answer_of(content, response.value),
    }


def _news_of(panel: str, sheet: AnswerSheet) -> dict[str, Any]:
    """What a single state tells beside the rest."""
    match panel:
        case "undo":
            return {"seconds_left": _seconds_left(sheet.asked)}
        case "changed":
            return {"changes": _changes(sheet)}
        case "withdrawn":
            return {"aborted": _find_abort(sheet.asked)}
        case _:
            return {}


def _seconds_left(asked: InputRequest) -> float:
    assert asked.effective_at is not None  # it is decided
    return max(0.0, (asked.effective_at - timezone.now()).total_seconds())


def _changes(sheet: AnswerSheet) -> dict[str, Any] | None:
    """What was shown beside what is asked, where this run did ask that, too."""
    seen = InputRequest.objects.filter(
        root_id=sheet.asked.root_id, digest=sheet.given.get("digest", "")
    ).first()
    if seen is None:
        return None
    texts = {
        "before": json_text(seen.content),
        "after": json_text(sheet.asked.content),
    }
    return {"type": "diff", "title": "What is different", "value": texts}


def _find_abort(asked: InputRequest) -> RunEvent | None:
    """Who ended the run, and why, if somebody did."""
    aborts = RunEvent.objects.filter(run=asked.run_id, kind="run_aborted")
    return aborts.order_by("-number").first()


def so_far(asked: InputRequest) -> list[str]:
    """The last lines of the run's log, drawn as on the run's own page."""
    after = asked.run.last_number - SHOWN_LINES
    return list(draw_lines(asked.run_id, after=after, most=SHOWN_LINES))


def _others_of_run(user: User, asked: InputRequest) -> list[InputRequest]:
    """What else the run asks, as far as this person may see it."""
    ids = {_RUN: asked.root_id, _ASKED: asked.pk}
    rows = _others(access.Reader.of(user)).about(ids).read()
    return [InputRequest.from_db(None, ("id", "subject"), row) for row in rows]


@lru_cache(maxsize=KEPT)
def _others(reader: access.Reader) -> Text:
    seen = access.visible_requests(reader.user).exclude(pk=_ASKED)
    others = seen.filter(root_id=_RUN, status=InputRequest.Status.OPEN)
    return Text.of(others.values_list("id", "subject")[:MOST_OTHERS])
