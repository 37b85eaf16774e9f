"""The data directory: made once, and in one piece."""

import os
import shutil
import tempfile
from pathlib import Path

from project.pgserver.account import command_prefix
from project.pgserver.address import DATABASE, SUPERUSER
from project.pgserver.programs import get_program, run

# Written to postgresql.conf, where an operator may change them.
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}

# --no-locale would make upper() and ILIKE blind to everything beyond ASCII.
INITDB = [
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--encoding=UTF8",
    "--auth=trust",
    "--data-checksums",
    f"--username={SUPERUSER}",
    *(f"--set={name}={value}" for name, value in SETTINGS.items()),
]


def is_created(data: Path) -> bool:
    """Is there a data directory?"""
    return (data / "PG_VERSION").exists()


def create(data: Path) -> None:
    """Build the directory beside its place and rename it: all of it, or nothing."""
    _remove_unfinished(data)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=data.parent))
    prefix = command_prefix(unfinished)
    run([*prefix, get_program("initdb"), f"--pgdata={unfinished}", *INITDB])
    single = ["--single", "-D", str(unfinished), "-c", "exit_on_error=on", SUPERUSER]
    run(
        [*prefix, get_program("postgres"), *single],
        text=f"CREATE DATABASE {DATABASE}\n",
    )
    unfinished.rename(data)
    _save_name(data)


def _remove_unfinished(data: Path) -> None:
    """Clear what a killed predecessor left, whose initdb may still be writing."""
    for path in data.parent.glob(f"{data.name}.new-*"):
        shutil.rmtree(path, ignore_errors=True)


def _save_name(data: Path) -> None:
    """Make the new name survive a power cut."""
    parent = os.open(data.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
