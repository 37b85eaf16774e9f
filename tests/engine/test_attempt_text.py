"""What crosses to a process of its own arrives as it was, and nothing else does."""

import json
from dataclasses import replace
from typing import Any

import pytest

from workflows_app.engine import attempt_text as text
from workflows_app.engine import values
from workflows_app.engine.commands import StartAttempt
from workflows_app.engine.context import Attempt
from workflows_app.engine.emission import as_record, as_request
from workflows_app.engine.events import Event, InputRequestEvent
from workflows_app.engine.policy import Escalation, Outcome, ReviewPolicy
from workflows_app.engine.run_state import Stored
from workflows_app.engine.state import Buffer, Call, Member, Stop
from workflows_app.engine.ticks import (
    Collected,
    StateChange,
    StepCompleted,
    StepFailed,
    StepParked,
)

ODD = "a\0b\u2028 ü \U0001f600 \\ \" '"

RECORD = replace(
    as_record(Event("odd", text=ODD, big=2**70, minus=-0.0)),
    seq=3,
    source="begin",
    at=1000.25,
    members=(Member(1, 0, 2), Member(4, 1, 1)),
    recoveries=1,
)
REQUEST = as_request(
    InputRequestEvent(
        "q",
        ODD,
        {"amount": 2**70},
        outcomes=[Outcome("yes", confirm="YES"), Outcome("no", needs_reason=True)],
        policy=ReviewPolicy(
            groups=("leads",),
            due_in=60,
            on_due="no",
            escalate=[Escalation(5, ("ops",))],
        ),
        tags={"a": "b"},
    )
)


def test_an_attempt_arrives_as_it_was() -> None:
    call = Call(
        2,
        "join",
        RECORD,
        "running",
        3,
        joined=(RECORD, RECORD),
        remembered={"once:a": values.dump(ODD)},
    )
    start = StartAttempt(
        call,
        "host/1/2",
        0.5,
        None,
        deadline=1e9,
        buffers={"join:3": Buffer(2, (RECORD,))},
        session_keys=("pool",),
        session_epoch=4,
    )
    stored = {"key": Stored(values.dump({"n": -0.0}), 7)}
    attempt = Attempt(
        run_id="run", workflow_name="flow", start=start, stored=stored, at=1000.5
    )

    assert text.load_attempt(text.dump_attempt(attempt)) == attempt


@pytest.mark.parametrize(
    "outcome",
    [
        StepCompleted(
            1,
            2,
            emitted=(RECORD, REQUEST, Stop(values.dump(ODD))),
            changes=(StateChange("key", "mutate", values.dump(ODD), 7),),
            collected=(Collected("join:3", 2, (RECORD,)),),
            session_keys=("pool",),
            fanout=2,
            seconds=0.25,
        ),
        StepFailed(1, 2, "ValueError", ODD, ODD, 0.5, True, 7.5, 0.25),
        StepParked(1, 2, "q", replace(REQUEST, purpose="call")),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def test_an_outcome_arrives_as_it_was(outcome: Any) -> None:
    line = json.dumps(text.dump_outcome(outcome))

    assert "\n" not in line
    assert text.load_outcome(json.loads(line)) == outcome


def test_records_and_stored_values_arrive_as_they_were() -> None:
    stored = {"key": Stored(values.dump(ODD), 7)}

    assert text.load_record(text.dump_record(RECORD)) == RECORD
    assert text.load_stored(text.dump_stored(stored)) == stored


@pytest.mark.parametrize(
    "told",
    [
        {"outcome": "Aborted", "fields": {}},
        {"outcome": "StepCompleted", "fields": {"call": "1", "attempt": 1}},
        {"outcome": "StepCompleted", "fields": {"call": 1, "attempt": 1, "more": 1}},
        {"outcome": "os.system", "fields": {}},
    ],
)
def test_nothing_else_is_an_outcome(told: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        text.load_outcome(told)
