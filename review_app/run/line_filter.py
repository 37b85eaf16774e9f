"""Which lines of a log somebody asks for: kinds, a step, words."""

import json
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict

from workflows_app.models import RunEvent

LONGEST_SEARCH = 100
LONGEST_NUMBER = 18

ALL = "all"
SHOWS = {ALL: "All", "steps": "Steps", "human": "Human", "errors": "Errors"}
STEPS = Q(kind__startswith="step_") | Q(kind__in=["event_routed", "progress"])
HUMAN = (
    Q(kind__startswith="input_")
    | Q(kind__startswith="vote_")
    | Q(kind__in=["step_parked", "step_waiting", "step_went_on", "run_waiting"])
    | Q(kind__in=["run_paused", "run_resumed", "run_aborted"])
)
ERRORS = Q(
    kind__in=[
        "step_failed",
        "step_timed_out",
        "step_lost",
        "step_retry_scheduled",
        "step_conflicted",
        "step_discarded",
        "input_rejected",
        "input_expired",
        "session_dropped",
        "run_failed",
        "run_timed_out",
        "run_aborted",
    ]
)
_KINDS = {ALL: Q(), "steps": STEPS, "human": HUMAN, "errors": ERRORS}


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody wants to see of a log; the address says all of it."""

    show: str = ALL
    step: str = ""
    q: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "Filter":
        show = query.get("show", ALL)
        words = query.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
        step = query.get("step", "").replace("\0", "")[:LONGEST_SEARCH]
        return cls(show if show in SHOWS else ALL, step, words)

    @property
    def is_on(self) -> bool:
        return self != Filter()

    @property
    def query(self) -> str:
        """The query string that leads here; empty for the whole log."""
        asked = {"show": self.show, "step": self.step, "q": self.q}
        return urlencode({k: v for k, v in asked.items() if v not in ("", ALL)})

    def showing(self, show: str) -> "Filter":
        """The same with other kinds of lines."""
        return replace(self, show=show)

    def among(self, run_id: UUID) -> QuerySet[RunEvent]:
        """The lines of a run that fit."""
        lines = RunEvent.objects.filter(_KINDS[self.show], run_id=run_id)
        if self.step:
            lines = lines.filter(step=self.step)
        return lines.filter(_mentions(self.q)) if self.q else lines


def _mentions(words: str) -> Q:
    """Words anywhere in a line. Bodies may have letters beyond ASCII as they are, or
    escaped, as JSON allows.
    """
    written = {json.dumps(words, ensure_ascii=plain)[1:-1] for plain in (True, False)}
    found = Q(kind__icontains=words) | Q(step__icontains=words)
    found |= Q(actor__icontains=words)
    for each in sorted(written):
        found |= Q(body__icontains=each)
    return found


def read_number(query: QueryDict, name: str) -> int | None:
    """The number of a line; None for anything else."""
    text = query.get(name, "")
    is_number = text.isdecimal() and text.isascii() and len(text) <= LONGEST_NUMBER
    return int(text) if is_number else None
