"""States of the first version, read by this one."""

import json

import pytest

from workflows_app.engine.first_state import upgrade
from workflows_app.engine.state import State
from workflows_app.engine.state_text import dump_state, load_state


def first_state(*, paused: bool = False, running: bool = False) -> str:
    event = {"type": "Asked", "bases": ["StartEvent", "Event"], "body": "{}"}
    call = {"number": 1, "step": "ask", "event": event, "attempt": 2, "losses": 1}
    request = {
        "request_id": "q",
        "shown": "{}",
        "digest": "d",
        "policy": {"assignees": [], "groups": ["leads"]},
        "step": "ask",
        "opened_at": 5.0,
        "expires_in": 60.0,
        "on_expire": event,
        "priority": 1,
        "tags": {"a": "b"},
        "previous": None,
        "respond_as": ["Done", ["Event"]],
    }
    return json.dumps(
        {
            "status": "running",
            "paused": paused,
            "started_by": "ada",
            "started_at": 1.5,
            "calls": [{**call, "running": running}],
            "requests": [request],
            "last_call": 1,
            "last_step": "",
            "active_seconds": 0.5,
            "active_since": None,
        }
    )


@pytest.mark.parametrize(
    ("paused", "running", "phase"),
    [
        (False, False, "ready"),
        (True, False, "held"),
        (False, True, "running"),
        (True, True, "running"),
    ],
)
def test_a_call_is_where_it_was(paused: bool, running: bool, phase: str) -> None:
    state = load_state(upgrade(first_state(paused=paused, running=running)))

    assert (state.calls[1].phase, state.calls[1].attempt) == (phase, 2)
    assert state.calls[1].losses == 1
    assert state.paused is paused


def test_a_request_keeps_all_that_was_asked() -> None:
    request = load_state(upgrade(first_state())).requests["q"]

    assert request.respond_as == ("Done", ("Event",))
    assert request.expires_at == 65.0
    assert request.on_expire is not None
    assert request.on_expire.types == ("Asked", "StartEvent", "Event")
    assert request.votes == ()
    assert request.due_at == 65.0


def test_a_state_of_today_is_left_as_it_is() -> None:
    for text in (dump_state(State()), dump_state(load_state(upgrade(first_state())))):
        assert upgrade(text) == text
