"""Commands run in this process, with or without a terminal and somebody who types."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command, load_command_class

from review_app.terminal.command import TerminalCommand
from review_app.terminal.keyboard import Keyboard


@dataclass(frozen=True)
class Ran:
    """What became of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Typist(Keyboard):
    """Types some lines, one for each question; then there is nobody any more."""

    def __init__(self, *lines: str, edit: Callable[[str], str] = str) -> None:
        self._lines = list(lines)
        self._edit = edit
        self.asked: list[str] = []

    @property
    def is_there(self) -> bool:
        return True

    @property
    def left(self) -> list[str]:
        """What was not needed."""
        return self._lines

    def line(self, prompt: str) -> str:
        self.asked.append(prompt)
        if not self._lines:
            raise EOFError
        return self._lines.pop(0)

    def secret(self, prompt: str) -> str:
        return self.line(prompt)

    def edit(self, text: str) -> str:
        return self._edit(text)


class Nobody(Keyboard):
    """A script: nobody types."""

    @property
    def is_there(self) -> bool:
        return False


class TerminalText(StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(
    name: str,
    *arguments: str,
    user: str = "ada",
    typist: Typist | None = None,
    is_terminal: bool = False,
) -> Ran:
    """Run a command as a shell would, and tell how it ended."""
    command = load_command_class("review_app", name)
    assert isinstance(command, TerminalCommand)
    command.keyboard = typist or Nobody()
    out = TerminalText() if typist or is_terminal else StringIO()
    err, code = StringIO(), 0
    try:
        call_command(command, *arguments, "--user", user, stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
        code = error.returncode
    except SystemExit as end:
        code = int(end.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())
