"""Retries, limits, review policies, errors: the small data that steps are given."""

import builtins
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workflows_app.engine import (
    DuplicateRequestError,
    EngineError,
    Escalation,
    NoHandlerError,
    NonRetryable,
    Outcome,
    Retry,
    RetryAfter,
    ReviewPolicy,
    RunAbortedError,
    SerializationError,
    SessionNotEmptyError,
    SessionValueLost,
    StepFailedError,
    TimeoutError,  # noqa: A004 - engine.md's name; it is also Python's
    ValidationError,
    errors,
)
from workflows_app.engine.definition import RetryRule
from workflows_app.engine.policy import Style, needed
from workflows_app.engine.runner import StartOptions


def test_a_retry_is_a_rule_of_plain_data() -> None:
    retry = Retry(3, initial=timedelta(seconds=2), max_delay=timedelta(minutes=1))
    assert retry.rule() == RetryRule(
        max_attempts=3,
        initial=2.0,
        factor=2.0,
        max_delay=60.0,
        jitter=True,
        on_timeout=True,
    )


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": 0},
        {"max_attempts": True},
        {"max_attempts": 1.5},
        {"initial": 0},
        {"initial": math.nan},
        {"max_delay": -1},
        {"max_delay": math.inf},
        {"factor": 0.5},
        {"factor": math.nan},
        {"factor": math.inf},
        {"retry_on": ("ValueError",)},
        {"give_up_on": 3},
    ],
)
def test_a_retry_that_cannot_be_is_a_value_error(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options)).partition("_")[0]):
        Retry(**{"max_attempts": 3, **options})


def test_a_retry_wants_what_it_is_for() -> None:
    retry = Retry(3, retry_on=(OSError,), give_up_on=(FileNotFoundError,))
    assert retry.wants(ConnectionError())
    assert not retry.wants(FileNotFoundError())
    assert not retry.wants(KeyError())


def test_an_exception_may_ask_for_another_attempt_or_forbid_it() -> None:
    assert not Retry(3).wants(NonRetryable("no use"))
    assert Retry(3, retry_on=(OSError,)).wants(RetryAfter(30))
    assert not Retry(3, give_up_on=(RetryAfter,)).wants(RetryAfter(30))


@pytest.mark.parametrize(
    "kind",
    [SerializationError, ValidationError, DuplicateRequestError, NoHandlerError],
)
def test_what_would_only_happen_again_is_never_tried_again(
    kind: type[EngineError],
) -> None:
    assert not Retry(3).wants(kind("as ever"))


def test_a_timeout_is_tried_again_unless_it_is_given_up() -> None:
    assert Retry(3, retry_on=(OSError,)).rule().on_timeout  # TimeoutError is an OSError
    assert not Retry(3, retry_on=(KeyError,)).rule().on_timeout
    assert not Retry(3, give_up_on=(TimeoutError,)).rule().on_timeout


def test_retry_after_tells_how_long() -> None:
    assert RetryAfter(timedelta(minutes=1)).seconds == 60.0
    assert str(RetryAfter(5, "busy")) == "busy"
    for never in (-1, math.nan, math.inf):
        with pytest.raises(ValueError, match="seconds must be"):
            RetryAfter(never)


def test_a_review_policy_survives_its_dump() -> None:
    policy = ReviewPolicy(
        groups=("leads",),
        approvals=2,
        due_in=timedelta(hours=1),
        on_due="no",
        escalate=(Escalation(timedelta(minutes=5), ("leads",)),),
    )
    assert ReviewPolicy.load(policy.dump()).dump() == policy.dump()
    assert policy.dump()["on_due"] == "no"
    assert policy.dump()["due_in"] == 3600.0


@pytest.mark.parametrize(
    ("styles", "counts"),
    [
        ({"yes": "primary", "later": "normal", "no": "danger"}, [3, 1, 1]),
        ({"red": "normal", "blue": "normal", "neither": "danger"}, [3, 3, 1]),
    ],
)
def test_the_approvals_are_those_of_what_lets_the_work_go_on(
    styles: dict[str, Style], counts: list[int]
) -> None:
    outcomes = [Outcome(key, style=style).dump() for key, style in styles.items()]
    policy = ReviewPolicy(approvals=3)

    assert [needed(policy, outcomes, key) for key in styles] == counts


def test_what_is_due_needs_a_time() -> None:
    with pytest.raises(ValueError, match="on_due needs due_in"):
        ReviewPolicy(on_due="no")


def test_a_start_may_be_told_when_and_under_which_id() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    assert StartOptions(not_before=moment).not_before == moment
    with pytest.raises(ValueError, match="needs a time zone"):
        StartOptions(not_before=moment.replace(tzinfo=None))
    with pytest.raises(ValueError, match="UUID"):
        StartOptions(run_id="seven")


def test_every_error_is_an_engine_error_with_words() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, EngineError)
    ]
    assert len(kinds) > 20
    assert all(kind.__doc__ for kind in kinds)
    assert str(errors.StalledError()) == errors.StalledError.__doc__


def test_a_timeout_error_is_python_s_too() -> None:
    error = TimeoutError("too late", scope="request", request_id="a")
    assert isinstance(error, builtins.TimeoutError)
    assert (error.scope, error.request_id, error.active_steps) == ("request", "a", [])


def test_errors_carry_what_they_are_about() -> None:
    failed = StepFailedError("pay", 2, "ValueError", "no", "Traceback …")
    assert (failed.step_name, failed.attempt, failed.traceback) == (
        "pay",
        2,
        "Traceback …",
    )
    assert str(failed) == "Step 'pay' failed in attempt 2: ValueError: no"
    aborted = RunAbortedError("wrong order", "olga")
    assert (aborted.reason, aborted.actor) == ("wrong order", "olga")
    assert str(aborted) == "The run was aborted by olga: wrong order"
    assert str(RunAbortedError()) == "The run was aborted."
    assert SessionNotEmptyError(["b", "a"]).keys == ["a", "b"]
    assert SessionValueLost("browser").key == "browser"


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 151])
def test_a_name_that_nobody_can_have_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="names"):
        ReviewPolicy(groups=(name,))
    with pytest.raises(ValueError, match="names"):
        ReviewPolicy(escalate=(Escalation(60, (name,)),)).dump()
