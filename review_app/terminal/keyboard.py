"""What comes from a person at the terminal."""

import os
import shlex
import subprocess
import sys
import tempfile
from contextlib import suppress
from getpass import getpass
from pathlib import Path

from .ending import UNREADABLE, Error

with suppress(ImportError):  # it is not everywhere
    import readline  # noqa: F401 - lines can be edited while they are typed


class Keyboard:
    """A person at this terminal, if there is one."""

    @property
    def is_there(self) -> bool:
        return sys.stdin.isatty() and sys.stdout.isatty()

    def line(self, prompt: str) -> str:
        """One line. Raises EOFError when there will be none."""
        try:
            return input(prompt)
        except UnicodeDecodeError:
            return self.line(f"That was no text in {sys.stdin.encoding}. {prompt}")

    def secret(self, prompt: str) -> str:
        """One line that is not shown while it is typed."""
        return getpass(prompt)

    def edit(self, text: str) -> str:
        """A text as somebody leaves it in his editor."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
            file.write(text)
        path = Path(file.name)
        try:
            self._run_editor(path)
            edited = path.read_text()
        except UnicodeDecodeError as error:
            raise Error("The editor left no UTF-8.", UNREADABLE) from error
        finally:
            path.unlink()
        return edited if text.endswith("\n") else edited.removesuffix("\n")

    def _run_editor(self, path: Path) -> None:
        command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        try:
            subprocess.run([*shlex.split(command), str(path)], check=True)  # noqa: S603
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            message = f"The editor {command!r} did not work; set EDITOR to another."
            raise Error(message) from error
