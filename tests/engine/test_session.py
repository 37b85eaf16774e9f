"""Session objects: of one process, never serialised, honestly lost (R30)."""

import pytest

from tests.engine.definitions import a_step, define
from tests.engine.story import Story
from workflows_app.engine import Event
from workflows_app.engine.commands import Refuse
from workflows_app.engine.errors import SessionValueLost
from workflows_app.engine.session import Session, Sessions
from workflows_app.engine.ticks import Paused


def test_what_a_step_sets_a_later_step_gets_in_the_same_process() -> None:
    sessions, connection = Sessions(), object()

    first = Session(sessions.get("run", 0), ())
    first.set("connection", connection)
    later = Session(sessions.get("run", 0), first.keys_set)

    assert first.keys_set == ("connection",)
    assert later.get("connection") is connection
    assert later.keys_set == ()


def test_what_was_set_elsewhere_is_lost_and_no_default_value() -> None:
    session = Session({}, ("connection",))

    with pytest.raises(SessionValueLost, match="connection"):
        session.get("connection")
    assert session.get("connection", "none") == "none"
    assert not session.has("connection")


def test_what_was_never_set_is_none_or_the_default() -> None:
    session = Session({}, ())

    assert session.get("missing") is None
    assert session.get("missing", 5) == 5
    assert session.get("missing", None) is None


def test_none_can_be_kept() -> None:
    session = Session({}, ())

    session.set("nothing", None)

    assert session.has("nothing")
    assert session.get("nothing", 5) is None


def test_an_object_is_made_when_it_is_not_there() -> None:
    session, made = Session({}, ("pool",)), []

    def make() -> list[int]:
        made.append(1)
        return made

    assert session.get_or_create("pool", make) is made
    assert session.get_or_create("pool", make) == [1]
    assert session.keys_set == ("pool",)


def test_what_is_removed_is_gone_and_not_lost() -> None:
    session = Session({}, ("pool",))

    session.set("pool", 1)
    session.remove("pool")
    session.remove("never")

    assert not session.has("pool")
    assert session.get("pool") is None
    assert session.keys_set == ()
    assert session.keys_removed == ("pool", "never")


def test_another_epoch_knows_nothing_of_the_objects_before_it() -> None:
    sessions = Sessions()
    sessions.get("run", 0)["pool"] = 1

    assert sessions.get("run", 1) == {}
    assert sessions.get("other", 0) == {}


def test_the_run_that_was_used_longest_ago_makes_room() -> None:
    sessions = Sessions(kept=2)
    for run in ("a", "b"):
        sessions.get(run, 0)["x"] = run
    sessions.get("a", 0)
    sessions.get("c", 0)

    assert sessions.get("a", 0) == {"x": "a"}
    assert sessions.get("b", 0) == {}


def test_a_finished_run_leaves_nothing() -> None:
    sessions = Sessions()
    sessions.get("run", 0)["x"] = 1

    sessions.drop("run")
    sessions.drop("never")

    assert sessions.get("run", 0) == {}


def test_keys_are_text() -> None:
    with pytest.raises(TypeError, match="key"):
        Session({}, ()).set(1, 2)  # type: ignore[arg-type]


def test_a_run_whose_objects_are_all_removed_can_be_paused() -> None:
    story = Story(define(a_step("open"), session_pause_policy="hard_error"))
    story.complete(story.claim(), Event("StartEvent"), session_keys=("pool",))
    story.tick(Paused())
    assert story.of(Refuse)
    story.complete(story.claim(), Event("StartEvent"), session_removed=("pool",))

    assert story.tick(Paused()).state.paused
