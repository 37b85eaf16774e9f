"""The frame of each command: as whom it acts, and what becomes of all that goes wrong."""

import os
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, ProgrammingError

from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    EngineError,
    InvalidResponseError,
    ValidationError,
)

from .ending import BROKEN_PIPE, INTERRUPTED, UNREADABLE, Error
from .given import check_text
from .keyboard import Keyboard
from .screen import Screen

DOOR = "cli"
"""What the log says of whatever comes from a command line."""


class TerminalCommand(BaseCommand):
    """A verb for somebody at a shell, who says as whom he acts."""

    requires_system_checks: list[str] = []
    keyboard: Keyboard
    screen: Screen

    def __init__(
        self, *args: Any, keyboard: Keyboard | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.keyboard = keyboard or Keyboard()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_common(parser)

    def act(self, user: User, options: dict[str, Any]) -> None:
        """Do what the command is for."""
        raise NotImplementedError

    def handle(self, *_args: Any, **options: Any) -> None:
        _write_what_can_be_written(is_json=options["json"])
        colour = not options.get("no_color")
        self.screen = Screen(self.stdout, self.stderr, colour=colour)
        try:
            for given in options.values():
                check_text(given)
            self.act(_get_person(options["user"]), options)
            self.stdout.flush()
        except (EngineError, OperationalError, InterfaceError) as refusal:
            raise Error(_words(refusal)) from refusal
        except ProgrammingError as error:
            raise _explain(error) from error
        except (KeyboardInterrupt, EOFError) as stop:
            self.screen.note("")
            raise Error("Stopped.", INTERRUPTED) from stop
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(BROKEN_PIPE) from None


def add_common(parser: ArgumentParser) -> None:
    """What each command, and each of its own commands, is told."""
    parser.add_argument(
        "--user",
        required=True,
        metavar="NAME",
        help="as whom: this person's rights hold, and the log has his name",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="for scripts: JSON on stdout, everything else on stderr",
    )


def own_key(user: User, key: str | None) -> str | None:
    """An idempotency key as this person's own: nobody else's key is the same."""
    return f"{DOOR}:{user.pk}:{key}" if key else None


def _get_person(name: str) -> User:
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise Error(f"--user: nobody who may act is called {name!r}.", UNREADABLE)
    return user


def _words(error: Exception) -> str:
    match error:
        case AlreadyAnsweredError():
            at = f"{datetime.fromtimestamp(error.at, UTC):%Y-%m-%d %H:%M:%S} UTC"
            return f"{error} The answer: {error.outcome}, at {at}."
        case InvalidResponseError():
            return "\n".join(_with_place(*each) for each in error.errors)
        case ValidationError():
            return "\n".join(error.errors)
        case OperationalError() | InterfaceError():
            return f"The database does not answer: {error}".strip()
        case _:
            return str(error)


def _with_place(path: tuple[str | int, ...], message: str) -> str:
    return f"{'.'.join(map(str, path))}: {message}" if path else message


def _explain(error: ProgrammingError) -> Exception:
    if isinstance(error.__cause__, psycopg.errors.UndefinedTable):
        return Error("The database has no tables yet: run `manage.py migrate`.")
    return error


def _write_what_can_be_written(*, is_json: bool) -> None:
    """JSON is UTF-8 wherever it goes; on a terminal no character ends the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            encoding = "utf-8" if is_json else stream.encoding
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
