"""`runs`: the runs that somebody may see, once or as they go on."""

import asyncio
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from rich.live import Live

from review_app.run_list import Runs
from review_app.terminal.command import TerminalCommand
from review_app.terminal.ending import Error
from review_app.terminal.run_rows import (
    KNOWN_STATUSES,
    run_table,
    wanted_runs,
    write_row,
)
from review_app.terminal.watching import watch_runs
from workflows_app.api.run_shapes import RunSummary
from workflows_app.models import Run
from workflows_app.runtime.all_runs import newest_cursor


class Command(TerminalCommand):
    """In a terminal a table, elsewhere lines: one for each run, the newest first."""

    help = "Show the newest runs. With --watch until Ctrl-C, as they go on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--status", choices=KNOWN_STATUSES, default="")
        parser.add_argument("--workflow", default="", metavar="NAME")
        parser.add_argument(
            "--tag",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="a tag that they have; KEY=* for any value; several: all of them",
        )
        parser.add_argument(
            "--limit", type=_number, default=30, help="how many (default: 30)"
        )
        parser.add_argument(
            "--watch",
            action="store_true",
            help="go on; where there is no table, a line for each run that changes",
        )

    def act(self, user: User, options: dict[str, Any]) -> None:
        after = newest_cursor()  # before the first look, or a change could be missed
        names = (options["status"], options["workflow"], options["tag"])
        runs, limit = wanted_runs(user, *names), options["limit"]
        if not options["watch"]:
            self._show(runs[:limit], is_json=options["json"])
            return
        is_table = self.screen.is_terminal and not options["json"]
        show = self._watch_table if is_table else self._watch_lines
        show(user, after, runs, options)
        raise Error(f"{user} may see nothing any more.")

    def _show(self, runs: Runs, *, is_json: bool) -> None:
        if self.screen.is_terminal and not is_json:
            self.screen.show(run_table(list(runs), self.screen.console.width))
            return
        for run in runs:
            self._write(run, is_json=is_json)

    def _write(self, run: Run, *, is_json: bool) -> None:
        if is_json:
            self.screen.tell(RunSummary.of(run))
        else:
            write_row(self.screen, run)

    def _watch_table(
        self, user: User, after: str, runs: Runs, options: dict[str, Any]
    ) -> None:
        """Draw the newest again and again, as many as there is room for."""
        console = self.screen.console
        with Live(
            console=console, auto_refresh=False, vertical_overflow="crop"
        ) as live:
            rows: list[Run] = []

            def look(changed: set[UUID]) -> None:
                if changed or not rows:
                    most = min(options["limit"], console.height - 2)
                    rows[:] = runs[: max(1, most)]
                live.update(run_table(rows, console.width), refresh=True)

            _watch(user, after, look)

    def _watch_lines(
        self, user: User, after: str, runs: Runs, options: dict[str, Any]
    ) -> None:
        """Write the newest, the last one last, and from then on what changes."""
        is_json = options["json"]
        for run in reversed(runs[: options["limit"]]):
            self._write(run, is_json=is_json)

        def look(changed: set[UUID]) -> None:
            for run in runs.filter(pk__in=changed).order_by("changed_at"):
                self._write(run, is_json=is_json)

        _watch(user, after, look)


def _watch(user: User, after: str, look: Callable[[set[UUID]], None]) -> None:
    """Until Ctrl-C, which is how one stops looking and no failure."""
    try:
        asyncio.run(watch_runs(user, after, look))
    except KeyboardInterrupt:
        raise SystemExit(0) from None


def _number(text: str) -> int:
    number = int(text)
    if not 0 < number <= 1000:  # noqa: PLR2004 - a list that one can read
        raise ValueError
    return number
