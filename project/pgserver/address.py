"""Where clients find the server: a unix socket, never a network port."""

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import Any

from project.pgserver.errors import ServerError

SUPERUSER = "postgres"
DATABASE = "holdpoint"
PORT = 5432
NAME = f".s.PGSQL.{PORT}"
# The kernel's limit for the path of a unix socket, without the closing zero byte;
# macOS has the smaller one.
LONGEST_PATH = 103


def client_settings(data: Path) -> dict[str, Any]:
    """Return the address as Django's settings name it."""
    host = str(socket_directory(data))
    return {"NAME": DATABASE, "USER": SUPERUSER, "HOST": host, "PORT": PORT}


def socket_directory(data: Path) -> Path:
    """Return the data directory, or a short one in /tmp when clients could not use it.

    libpq takes a comma for the end of a host and reads names as UTF-8.
    """
    path = str(data / NAME)
    if (
        len(os.fsencode(path)) <= LONGEST_PATH
        and path.isprintable()
        and "," not in path
    ):
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:20]
    # Not TMPDIR: every process must come to the same place, whatever its environment.
    return Path("/tmp") / f"holdpoint-{digest}"  # noqa: S108 - checked to be private


def prepare_directory(data: Path) -> Path:
    """Make the directory, nobody else's, and clear what a killed server left in it."""
    directory = socket_directory(data)
    if directory != data:
        _make_private(directory, owner=data.stat())
    for name in (NAME, f"{NAME}.lock"):
        (directory / name).unlink(missing_ok=True)
    return directory


def remove_directory(data: Path) -> None:
    """Leave nothing in /tmp behind."""
    directory = socket_directory(data)
    if directory != data:
        with contextlib.suppress(OSError):
            directory.rmdir()


def _make_private(directory: Path, owner: os.stat_result) -> None:
    """Anybody can write to /tmp: take only a directory that nobody else can enter."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(directory, owner.st_uid, owner.st_gid, follow_symlinks=False)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.st_uid:
        raise ServerError(f"{directory} is not ours: remove it.")
    directory.chmod(0o700)
