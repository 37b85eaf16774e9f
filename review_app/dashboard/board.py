"""Everything of the dashboard that is about this moment."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone

from workflows_app.runtime import jobs, workers
from workflows_app.runtime.workers import WorkerReport, WorkerState

from .asked import asked_numbers
from .deliveries import delivery_numbers
from .number import Number
from .run_numbers import run_numbers
from .today import today_numbers

MOST_STEPS = 8
"""Steps that are named in the backlog; the others are counted together."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Work that no worker has taken up yet."""

    steps: list[jobs.Backlog]

    @property
    def count(self) -> int:
        return sum(step.count for step in self.steps)

    @property
    def oldest(self) -> timedelta | None:
        return max((step.oldest for step in self.steps), default=None)

    @property
    def named(self) -> list[jobs.Backlog]:
        return self.steps[:MOST_STEPS]

    @property
    def others(self) -> int:
        return sum(step.count for step in self.steps[MOST_STEPS:])


@dataclass(frozen=True, slots=True)
class Board:
    """How things are, for one operator where he is."""

    user: User
    zone: ZoneInfo

    @property
    def day(self) -> date:
        """Today, where the reader is."""
        return self._here.date()

    @property
    def asked(self) -> list[Number]:
        return asked_numbers(self.user)

    @property
    def today(self) -> list[Number]:
        return today_numbers(self.day, self.zone)

    @property
    def runs(self) -> list[Number]:
        return run_numbers(self.user)

    @property
    def workers(self) -> list[WorkerReport]:
        """Those that should be working: what has stopped as it should is left out."""
        found = workers.list_workers(self.user)
        return [worker for worker in found if worker.state != WorkerState.STOPPED]

    @property
    def backlog(self) -> Backlog:
        return Backlog(jobs.backlog())

    @property
    def deliveries(self) -> list[Number]:
        return delivery_numbers(self.user, self._midnight)

    @property
    def _here(self) -> datetime:
        return timezone.now().astimezone(self.zone)

    @property
    def _midnight(self) -> datetime:
        return self._here.replace(hour=0, minute=0, second=0, microsecond=0)
