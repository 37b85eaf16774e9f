"""Where the data is: the server that DATABASE_URL names, or the embedded one."""

from pathlib import Path
from typing import Any, cast

import dj_database_url

from project import env
from project.pgserver.address import client_settings
from project.pgserver.programs import find_programs

ENGINE = "project.pgbackend"
SCHEMES = ("postgres", "postgresql")
URL_FORM = "postgres://user:password@host:port/name"
# After an outage the pool tries again at longer and longer intervals; giving up soon
# lets the next request start afresh.
PREPARE_AFTER = 5
"""Times a statement with server-side parameters runs before it is prepared: only the
hand-written ones of the hot path have these, and they halve PostgreSQL's work so."""

SESSION = "-c lock_timeout=3s -c idle_in_transaction_session_timeout=30s"
"""One run that somebody holds, or a process that froze, must not stop all others."""

POOL = {"min_size": 2, "max_size": 8, "timeout": 4, "reconnect_timeout": 3}


def database_settings(base_dir: Path) -> dict[str, Any]:
    """Return Django's DATABASES["default"]; nothing is started or connected yet."""
    url = env.text("DATABASE_URL")
    settings = _own_server(url) if url else _embedded_server(data_directory(base_dir))
    options = settings.setdefault("OPTIONS", {})
    options["pool"] = dict(POOL)
    options["prepare_threshold"] = PREPARE_AFTER
    options["options"] = SESSION
    if direct_url := env.text("DATABASE_DIRECT_URL"):
        _check_scheme("DATABASE_DIRECT_URL", direct_url)
        options["direct_url"] = direct_url
    # The pool keeps the connections, as Django's own persistent ones leak under ASGI;
    # and our backend checks them, faster after an outage than the pool does.
    return settings | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}


def data_directory(base_dir: Path) -> Path:
    """Return the directory for everything that this installation keeps in files."""
    return (base_dir / env.text("HOLDPOINT_DATA", "var")).resolve()


def _own_server(url: str) -> dict[str, Any]:
    _check_scheme("DATABASE_URL", url)
    try:
        settings = dj_database_url.parse(url, engine=ENGINE)
    except ValueError as error:
        raise _odd_url("DATABASE_URL", url) from error
    if not settings["NAME"]:
        raise _odd_url("DATABASE_URL", url)
    return cast("dict[str, Any]", settings)


def _embedded_server(data: Path) -> dict[str, Any]:
    if not find_programs():
        none_here = "it must be set, no embedded PostgreSQL exists for this platform"
        raise env.OddValueError("DATABASE_URL", "", f"{URL_FORM} ({none_here})")
    directory = (data / "postgres").resolve()
    return {
        "ENGINE": ENGINE,
        "OPTIONS": {"embedded": str(directory)},
        **client_settings(directory),
    }


def _check_scheme(name: str, url: str) -> None:
    if url.partition("://")[0] not in SCHEMES:
        raise _odd_url(name, url)


def _odd_url(name: str, url: str) -> env.OddValueError:
    """Show no more than the scheme: the rest of the address has a password in it."""
    scheme = url.partition("://")[0] if "://" in url else ""
    return env.OddValueError(name, f"{scheme}…", URL_FORM)
