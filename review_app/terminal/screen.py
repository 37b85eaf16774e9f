"""What a command writes: what was asked for on stdout, all that is said beside it on stderr.

This is the one door to the terminal: text of other people passes it without escape
sequences, and without turning round what stands beside it.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.management.base import OutputWrapper
from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from workflows_app.api.json_reply import json_text
from workflows_app.shown.visible import escaped, visible

FROM_RIGHT = frozenset({"R", "AL", "AN"})
ISOLATED = "\u2068{}\u2069"
INDENT = (0, 0, 0, 2)
LINE_ENDS = str.maketrans("\t\n", "  ")


class Screen:
    """Where a command writes."""

    def __init__(
        self, out: OutputWrapper, err: OutputWrapper, *, colour: bool = True
    ) -> None:
        self._out = _Stream(out)
        self.console = _console(self._out, colour=colour)
        self.aside = _console(_Stream(err), colour=colour)

    @property
    def is_terminal(self) -> bool:
        return self.console.is_terminal

    def say(self, text: str = "", style: str = "", *, indent: bool = False) -> None:
        """A text for whoever reads; where nobody does, lines are as long as they are."""
        shown = plain(text, style)
        self.show(self.indented(shown) if indent else shown)

    def show(self, shown: RenderableType) -> None:
        self.console.print(shown, soft_wrap=not self.is_terminal)

    def indented(self, text: Text) -> RenderableType:
        """A text that stands to the right, with all the lines that it wraps into."""
        if self.is_terminal:
            return Padding(text, INDENT, expand=False)
        return Text("\n").join(Text("  ") + line for line in text.split("\n"))

    def note(self, text: str, style: str = "") -> None:
        """Something beside what was asked for."""
        self.aside.print(plain(text, style), soft_wrap=True)

    def write(self, text: str) -> None:
        """Text for other programs, as it is."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def tell(self, body: BaseModel) -> None:
        """One JSON document on a line of its own."""
        self.write(escaped(json_text(body.model_dump(by_alias=True))))

    def line(self, cells: Sequence[str]) -> None:
        """A row for other programs: cells with a tab between them."""
        self.write("\t".join(visible(each).translate(LINE_ENDS) for each in cells))

    @contextmanager
    def busy(self, text: str) -> Iterator[Status | None]:
        """Show that something goes on; None where nobody would see it move."""
        if not self.aside.is_terminal:
            yield None
            return
        with self.aside.status(plain(text)) as status:
            yield status


class _Stream:
    """A stream of Django's as it is: neither coloured, nor with a line end too many."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(text, style_func=str, ending="")
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def plain(text: str, style: str = "") -> Text:
    """Text of anybody, made harmless: nothing in it moves, colours or hides anything."""
    return Text("\n".join(map(_isolated, visible(text).split("\n"))), style)


def table(*columns: str) -> Table:
    """A table whose cells wrap; call `add_row` with what `plain` gives."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(plain(column), overflow="fold")
    return made


def _isolated(line: str) -> str:
    """Text that is read from the right leaves the order of all beside it alone."""
    is_from_right = any(unicodedata.bidirectional(c) in FROM_RIGHT for c in line)
    return ISOLATED.format(line) if is_from_right else line


def _console(stream: _Stream, *, colour: bool) -> Console:
    return Console(
        file=stream,  # type: ignore[arg-type]  # all of IO that rich uses
        force_terminal=stream.isatty(),
        no_color=None if colour else True,
        highlight=False,
        markup=False,
        emoji=False,
    )
