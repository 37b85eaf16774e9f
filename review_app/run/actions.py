"""What can be done with a run, and why not, for one person at one moment."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse

from workflows_app import access
from workflows_app.models import Run

from .hindrance import ELSEWHERE, NOT_OVER, NOT_YOURS, WORKS_FOR, Hindrance, is_over
from .points import has_points


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do; with a hindrance it is shown, and cannot be done now."""

    key: str
    label: str
    icon: str
    hindrance: Hindrance | None
    href: str
    asks_first: bool = True
    """Whether a page asks before it is done; else the button itself does it."""
    is_danger: bool = False


def find_actions(user: User, run: Run) -> list[Action]:
    """Pause or go on, abort, retry: always all of them, so each has its place."""
    return [_pause_or_resume(user, run), _abort(user, run), _retry(user, run)]


def find_reasons(actions: list[Action]) -> dict[Hindrance, str]:
    """What hinders, each once, with the names of all that it hinders."""
    reasons: dict[Hindrance, list[str]] = {}
    for action in actions:
        if action.hindrance:
            reasons.setdefault(action.hindrance, []).append(action.label)
    return {hindrance: ", ".join(labels) for hindrance, labels in reasons.items()}


def _pause_or_resume(user: User, run: Run) -> Action:
    hindrance = find_hindrance(user, run)
    if run.paused and not run.is_finished:
        return Action(
            "resume",
            "Let it go on",
            "circle-play",
            hindrance,
            _address("resume", run),
            asks_first=False,
        )
    return Action("pause", "Pause…", "circle-pause", hindrance, _address("pause", run))


def _abort(user: User, run: Run) -> Action:
    return Action(
        "abort",
        "Abort…",
        "ban",
        find_hindrance(user, run),
        _address("abort", run),
        is_danger=True,
    )


def _retry(user: User, run: Run) -> Action:
    return Action(
        "retry",
        "Retry from…",
        "rotate-ccw",
        find_retry_hindrance(user, run),
        _address("retry", run),
    )


def find_hindrance(user: User, run: Run) -> Hindrance | None:
    """Why this person cannot pause, resume or abort the run; None when he can."""
    if run.is_finished:
        return is_over(run.get_status_display())
    return None if access.may_operate(user, run) else NOT_YOURS


def find_retry_hindrance(user: User, run: Run) -> Hindrance | None:
    """Why this person cannot let the run begin again somewhere; None when he can."""
    if run.parent_id is not None:
        return WORKS_FOR
    if not run.is_finished:
        return NOT_OVER
    if not access.may_operate(user, run):
        return NOT_YOURS
    return None if has_points(run) else ELSEWHERE


def _address(name: str, run: Run) -> str:
    return reverse(f"review:{name}", args=[run.pk])
