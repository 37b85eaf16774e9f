"""Runs as rows: for people in a table, for programs with a tab between the cells."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from rich.table import Table
from rich.text import Text

from review_app.run_list import STATUSES, RunList, Runs
from review_app.templatetags.run_words import age
from workflows_app.models import Run
from workflows_app.runtime.all_runs import read_tags

from .screen import Screen, plain, table

KNOWN_STATUSES = [key for key, _ in STATUSES]
STYLES = {
    Run.Status.RUNNING: "cyan",
    Run.Status.WAITING: "yellow",
    Run.Status.COMPLETED: "green",
    Run.Status.FAILED: "bold red",
    Run.Status.ABORTED: "red",
    Run.Status.TIMED_OUT: "red",
}
HEAVY = ("state", "input", "result", "error")
WIDE = 110
"""Columns of a terminal that has room for tags, and for who started a run."""


def wanted_runs(user: User, status: str, workflow: str, tags: Sequence[str]) -> Runs:
    """The newest first; raises ValidationError for what is no condition on tags."""
    found = RunList(status=status, workflow=workflow).runs(user)
    found = found.filter(read_tags(tags)).order_by("-created_at", "-id")
    return found.select_related("started_by").defer(*HEAVY)


def run_table(runs: Sequence[Run], width: int) -> Table:
    """Runs for people; a narrow terminal shows less of each."""
    is_wide = width >= WIDE
    made = table("Run", "Status", "Workflow", "Time", *(_MORE if is_wide else ()))
    made.columns[0].no_wrap = made.columns[1].no_wrap = made.columns[3].no_wrap = True
    for run in runs:
        more = (_starter(run), _tags(run)) if is_wide else ()
        cells = (run.workflow, age(run), *more)
        name, *rest = map(plain, cells)
        made.add_row(plain(str(run.pk)), _status(run), name, *rest)
    return made


def write_row(screen: Screen, run: Run) -> None:
    """A run for programs: id, status, workflow, who started it, when, its tags."""
    status = f"{run.status} paused" if _is_held(run) else run.status
    began = run.created_at.isoformat(timespec="seconds")
    screen.line([str(run.pk), status, run.workflow, _starter(run), began, _tags(run)])


_MORE = ("Started by", "Tags")


def _status(run: Run) -> Text:
    words = run.status.replace("_", " ")
    held = ", paused" if _is_held(run) else ""
    return Text(words + held, STYLES[Run.Status(run.status)])


def _is_held(run: Run) -> bool:
    return run.paused and not run.is_finished


def _starter(run: Run) -> str:
    return run.started_by.get_username() if run.started_by else ""


def _tags(run: Run) -> str:
    return " ".join(f"{key}={value}" for key, value in sorted(run.tags.items()))
