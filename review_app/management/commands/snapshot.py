"""`snapshot`: takes runs out, brings them in, and lets others go on from them."""

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.template.defaultfilters import filesizeformat

from review_app.templatetags.run_words import snapshot_cause
from review_app.terminal.command import TerminalCommand, add_common
from review_app.terminal.ending import NOT_YET, REFUSED, UNREADABLE, Error
from review_app.terminal.given import STDIN, read_file, read_id
from review_app.terminal.screen import plain, table
from workflows_app import access
from workflows_app.api.run_shapes import RunReply, SnapshotSummary
from workflows_app.engine.errors import SnapshotFormatError
from workflows_app.engine.snapshot import Snapshot
from workflows_app.engine.strict_json import StrictJsonError, load_strict
from workflows_app.models import Run
from workflows_app.models import Snapshot as Row
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.snapshots import resuming, taking

DEEPEST = 200
MOST_KEYS = 1_000_000
"""A snapshot may be large, and its runs may have others below them."""

HEAVY = ("state", "values", "inbox", "children")


class Command(TerminalCommand):
    """Each act is a command of its own, with the same options."""

    help = "Export a run's snapshot, resume one, fork a run, or list what is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        self._add(acts, "list", "the snapshots that are kept of a run", "run")
        export = self._add(acts, "export", "write a run to a file", "run")
        _add_number(export)
        export.add_argument(
            "-o", "--output", metavar="FILE", default=STDIN, help="default: stdout"
        )
        resume = self._add(acts, "resume", "continue the run of a file here", "file")
        resume.add_argument(
            "--as-new-run", action="store_true", help="as another run, each time"
        )
        fork = self._add(acts, "fork", "let another run go on from here", "run")
        _add_number(fork)
        for each in (resume, fork):
            each.add_argument("--paused", action="store_true", help="start nothing yet")

    def _add(self, acts: Any, name: str, about: str, of: str) -> ArgumentParser:
        parser: ArgumentParser = acts.add_parser(name, help=about, description=about)
        parser.add_argument(
            of, help="the run's id" if of == "run" else "or - for stdin"
        )
        add_common(parser)
        return parser

    def act(self, user: User, options: dict[str, Any]) -> None:
        match options["act"]:
            case "list":
                self._list(_get_run(user, options["run"]), options)
            case "export":
                self._export(_get_run(user, options["run"]), options)
            case "resume":
                self._resume(user, options)
            case _:
                self._fork(user, _get_run(user, options["run"]), options)

    def _list(self, run: Run, options: dict[str, Any]) -> None:
        rows = list(
            Row.objects.filter(run=run).defer(*HEAVY).order_by("-number", "-id")
        )
        if options["json"]:
            for row in rows:
                self.screen.tell(SnapshotSummary.of(row))
        elif self.screen.is_terminal:
            made = table("At", "Taken", "Why")
            for row in rows:
                cells = (str(row.number), _moment(row), snapshot_cause(row.cause))
                made.add_row(*map(plain, cells))
            self.screen.show(made)
        else:
            for row in rows:
                self.screen.line([str(row.number), _moment(row), row.cause])
        if not rows:
            self.screen.note("None is kept.")
            raise SystemExit(NOT_YET)

    def _export(self, run: Run, options: dict[str, Any]) -> None:
        with self.screen.busy("Taking the snapshot …"):
            text = _snapshot_of(run, options["at"]).dump()
        if options["output"] == STDIN:
            self.screen.write(text)
            return
        with self.screen.busy("Writing it …"):
            _write(Path(options["output"]), text)
        size = filesizeformat(len(text)).replace("\xa0", " ")
        self.screen.note(f"{options['output']}: {size}")

    def _resume(self, user: User, options: dict[str, Any]) -> None:
        if not access.is_operator(user):
            message = (
                f"{user} may resume no snapshot: it may say anything, so operators do."
            )
            raise Error(message, REFUSED)
        with self.screen.busy("Reading the snapshot …"):
            snapshot = _read(options["file"])
        with self.screen.busy("Bringing it in …"):
            run_id = resuming.resume(
                snapshot,
                as_new_run=options["as_new_run"],
                paused=options["paused"],
                actor=user.get_username(),
            )
        self._tell(run_id, options)

    def _fork(self, user: User, run: Run, options: dict[str, Any]) -> None:
        with self.screen.busy("Forking …"):
            run_id = resuming.resume(
                _snapshot_of(run, options["at"]),
                as_new_run=True,
                paused=options["paused"],
                actor=user.get_username(),
            )
        self._tell(run_id, options)

    def _tell(self, run_id: UUID, options: dict[str, Any]) -> None:
        if options["json"]:
            self.screen.tell(RunReply.of_id(run_id))
        else:
            self.screen.write(str(run_id))


def _add_number(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--at",
        type=int,
        metavar="N",
        help="as it was at this line of its log, of those that `list` shows; else as it is now",
    )


def _get_run(user: User, text: str) -> Run:
    """A snapshot holds all that a run has, so it is for those who operate the run."""
    run = access.visible_runs(user).filter(pk=read_id(text, "run")).first()
    if run is None or not access.may_operate(user, run):
        raise Error(f"There is no run {text} that {user} operates.")
    return run


def _snapshot_of(run: Run, number: int | None) -> Snapshot:
    if number is None:
        return Handler(run.pk).snapshot()
    row = Row.objects.filter(run=run, number=number).order_by("-id").first()
    if row is None:
        kept = Row.objects.filter(run=run).order_by("-number")[:20]
        numbers = ", ".join(str(each) for each in kept.values_list("number", flat=True))
        raise Error(f"No snapshot is kept at {number}; kept are: {numbers or 'none'}.")
    return taking.read(row)


def _read(name: str) -> Snapshot:
    body = read_file(name)
    try:
        fields = load_strict(
            body, max_bytes=len(body), max_depth=DEEPEST, max_keys=MOST_KEYS
        )
    except StrictJsonError as error:
        raise Error(f"{name}: {error}", UNREADABLE) from error
    if not isinstance(fields, dict):
        raise SnapshotFormatError("$: a snapshot is a JSON object.")
    return Snapshot.load(fields)


def _write(path: Path, text: str) -> None:
    """All of it or nothing: whoever reads the file never finds half of a snapshot."""
    half = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            half = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        if half is not None:
            half.unlink(missing_ok=True)
        raise Error(f"{path} cannot be written: {error.strerror}.") from error


def _moment(row: Row) -> str:
    return f"{row.taken_at:%Y-%m-%d %H:%M:%S} UTC"
