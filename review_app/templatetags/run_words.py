"""How pages tell of runs: lines of the log as sentences, lengths of time as words."""

from datetime import timedelta
from functools import lru_cache

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from review_app.json_text import json_text
from review_app.json_tree import draw_tree
from review_app.shown_text import draw_value
from workflows_app.models import Run
from workflows_app.runtime.workers import WorkerState
from workflows_app.shown import decisions
from workflows_app.shown.redaction import masked
from workflows_app.shown.visible import visible
from workflows_app.stream.log import Line

register = template.Library()

EVENTS = {
    "run_started": ("play", "accent"),
    "event_routed": ("arrow-right", "quiet"),
    "event_sent": ("send", "accent"),
    "step_started": ("cpu", "quiet"),
    "step_completed": ("check", "ok"),
    "step_conflicted": ("git-merge", "warn"),
    "step_failed": ("circle-x", "danger"),
    "step_timed_out": ("timer-off", "danger"),
    "step_lost": ("unplug", "warn"),
    "step_retry_scheduled": ("rotate-cw", "warn"),
    "step_parked": ("hand", "person"),
    "step_waiting": ("hand", "person"),
    "step_went_on": ("play", "quiet"),
    "step_discarded": ("trash-2", "quiet"),
    "progress": ("message-square-text", "plain"),
    "input_requested": ("message-circle-question-mark", "person"),
    "input_received": ("user-check", "person"),
    "input_rejected": ("user-x", "warn"),
    "input_expired": ("alarm-clock-off", "warn"),
    "input_decided": ("user-check", "person"),
    "input_undone": ("undo-2", "warn"),
    "input_held": ("clock", "quiet"),
    "input_delegated": ("user-plus", "person"),
    "input_escalated": ("trending-up", "warn"),
    "vote_cast": ("vote", "person"),
    "vote_withdrawn": ("undo-2", "warn"),
    "session_dropped": ("trash-2", "warn"),
    "run_waiting": ("hand", "person"),
    "run_paused": ("circle-pause", "warn"),
    "run_resumed": ("circle-play", "accent"),
    "run_completed": ("circle-check", "ok"),
    "run_failed": ("octagon-x", "danger"),
    "run_aborted": ("ban", "danger"),
    "run_timed_out": ("timer-off", "danger"),
}
"""Icon and tone of each kind of line; a kind that nobody knows yet is a plain dot."""

STATUSES = {
    Run.Status.RUNNING: ("loader", "accent", "Running"),
    Run.Status.WAITING: ("hand", "warn", "Waiting for a person"),
    Run.Status.COMPLETED: ("circle-check", "ok", "Completed"),
    Run.Status.FAILED: ("octagon-x", "danger", "Failed"),
    Run.Status.ABORTED: ("ban", "danger", "Aborted"),
    Run.Status.TIMED_OUT: ("timer-off", "danger", "Timed out"),
}

NOBODY = {"": "a program", "program": "a program", "snapshot": "a snapshot"}
"""Actors that are no person, within a sentence."""

DOORS = {
    "browser": "from the browser",
    "api": "through the API",
    "python": "from Python",
    "cli": "from the command line",
    "webhook": "by webhook",
    "slack": "from Slack",
    "email": "by e-mail",
    "link": "by a link",
    "deadline": "",
    "input_handler": "by the workflow's own code",
}
CAUSES = {
    "waiting": "The run waits for a person",
    "paused": "An operator paused the run",
    "completed": "The run completed",
    "failed": "The run failed",
    "aborted": "The run was aborted",
    "timed_out": "The run was out of time",
}
STAGES: dict[str | None, tuple[str, str]] = {
    None: ("circle-dashed", "quiet"),
    "waiting": ("hand", "warn"),
    "decided": ("user-check", "warn"),
    "running": ("loader", "accent"),
    "queued": ("clock", "accent"),
    "retry": ("rotate-cw", "warn"),
    "later": ("clock", "quiet"),
    "held": ("circle-pause", "warn"),
    "failed": ("circle-x", "danger"),
    "cut": ("ban", "danger"),
    "done": ("check", "ok"),
}
"""Glyph and tone of each stage that a step may be at; None: it has not begun."""

WORKERS = {
    WorkerState.LIVE: ("circle-check", "ok"),
    WorkerState.DRAINING: ("circle-arrow-down", "warn"),
    WorkerState.DRAINED: ("circle-pause", "warn"),
    WorkerState.SILENT: ("circle-x", "danger"),
    WorkerState.STOPPED: ("circle-stop", "quiet"),
}

FROM_PEOPLE = ("input_", "vote_")
"""How the kinds of lines begin that end a wait for a person."""
TRACE_LINES = 6
"""Lines of a traceback that are shown at once: its end tells what happened."""

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
SHORT = 10.0
SMALL = 2_000
"""Characters of a line's body that are shown with it; more has a page of its own."""


@register.simple_tag
@lru_cache(maxsize=200)
def icon(name: str, size: int = 16) -> SafeString:
    """An icon that says nothing to those who cannot see it, drawn once."""
    return mark_safe(lucide(name, size=size, aria_hidden="true"))  # noqa: S308 - our own


@register.simple_tag
def found_value(value: object) -> SafeString:
    """A value at one place of a snapshot: as a tree only if there is something in it."""
    is_tree = isinstance(value, dict | list | tuple)
    return draw_tree(value) if is_tree else draw_value(value, quotes=True)


@register.filter
def event_icon(kind: str) -> str:
    return EVENTS.get(kind, ("circle", "plain"))[0]


@register.filter
def event_tone(kind: str) -> str:
    return EVENTS.get(kind, ("circle", "plain"))[1]


@register.filter
def status_icon(run: Run) -> str:
    return STATUSES[Run.Status(run.status)][0]


@register.filter
def status_tone(run: Run) -> str:
    return STATUSES[Run.Status(run.status)][1]


@register.filter
def status_words(run: Run) -> str:
    return STATUSES[Run.Status(run.status)][2]


@register.filter
def worker_icon(state: str) -> str:
    return WORKERS[WorkerState(state)][0]


@register.filter
def worker_tone(state: str) -> str:
    return WORKERS[WorkerState(state)][1]


@register.filter
def stage_icon(stage: str | None) -> str:
    return STAGES[stage][0]


@register.filter
def stage_tone(stage: str | None) -> str:
    return STAGES[stage][1]


@register.simple_tag
def stages() -> list[str | None]:
    """All stages: a graph that changes may come to need each of their glyphs."""
    return list(STAGES)


@register.filter
def duration(length: timedelta | float | None) -> str:
    """A length of time in its two largest units: "2 h 45 min", "1.5 s", "8 ms"."""
    if length is None:
        return ""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < SHORT:
        return f"{seconds:.1f} s"
    parts, left = [], int(seconds)
    for unit, size in UNITS:
        count, left = divmod(left, size)
        parts.append(f"{count} {unit}" if count else "")
    first = next(i for i, part in enumerate(parts) if part)
    return " ".join(part for part in parts[first : first + 2] if part)


@register.filter
def milliseconds(length: float | None) -> str:
    return "" if length is None else duration(length / 1000)


@register.filter
def age(run: Run) -> str:
    """How long the run took, or has taken so far."""
    return duration((run.finished_at or timezone.now()) - run.created_at)


@register.filter
def waited(line: Line) -> str:
    """How long nothing had happened before this line; empty for less than a minute."""
    pause = line.since_before
    is_long = pause >= timedelta(minutes=1) and not line.kind.startswith("step_")
    return duration(pause) if is_long else ""


@register.filter
def ends_wait(line: Line) -> bool:
    """Whether somebody did what the run had waited for."""
    return line.kind.startswith(FROM_PEOPLE)


@register.filter
def begins_day(line: Line) -> bool:
    """Whether this is the first line of its day."""
    return line.before_at is None or line.before_at.date() != line.at.date()


@register.filter
def who(line: Line) -> str:
    """Who caused a line, at the beginning of a sentence."""
    if line.actor_kind == "deadline":
        return "The deadline"
    nobody = NOBODY.get(line.actor)
    return nobody.capitalize() if nobody else visible(line.actor)


@register.filter
def who_named(name: str) -> str:
    """Who it was, within a sentence."""
    return NOBODY.get(name) or visible(name)


@register.filter
def by_door(door: str) -> str:
    return DOORS.get(door, f"through {visible(door)}" if door else "")


@register.filter
def decided(outcome: str) -> str:
    """What somebody did who chose an outcome."""
    return decisions.decided(outcome)


@register.filter
def snapshot_cause(cause: str) -> str:
    return CAUSES.get(cause, visible(cause).capitalize())


@register.filter
def brief(line: Line) -> str:
    """The body of a line as text without its secrets, if it is small."""
    return json_text(masked(line.content)) if len(line.body) <= SMALL else ""


@register.filter
def without_secrets(text: str) -> str:
    """Text in which nothing looks like a key of a known service."""
    return str(masked(text))


@register.filter
def last_lines(traceback: str) -> str:
    """The end of a traceback."""
    lines = traceback.rstrip().splitlines()
    return "\n".join(lines[-TRACE_LINES:])


@register.filter
def is_long_trace(traceback: str) -> bool:
    return len(traceback.rstrip().splitlines()) > TRACE_LINES


@register.filter
def body_size(line: Line) -> str:
    return filesizeformat(len(line.body.encode()))
