"""Whether this process lives, and whether it can do its work."""

from collections.abc import Callable
from functools import cache

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from workflows_app.runtime import jobs

RETRY_AFTER = "5"
OK = "ok"


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; whether its database does is not asked here."""
    return JsonResponse({"status": OK})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served, else 503 and what is missing."""
    checks = _check_all()
    if all(state == OK for state in checks.values()):
        return JsonResponse({"status": OK, "checks": checks})
    answer = JsonResponse({"status": "unavailable", "checks": checks}, status=503)
    answer["Retry-After"] = RETRY_AFTER
    return answer


def _check_all() -> dict[str, str]:
    """The state of each; without a database there is no use in waiting for the rest."""
    database = _state(_database)
    if database != OK:
        return {"database": database}
    return {
        "database": database,
        "migrations": _state(_migrations),
        "queue": _state(_queue),
    }


def _state(check: Callable[[], str]) -> str:
    """What a check says; the reason of a failure is for our log, not for everybody."""
    try:
        return check()
    except (DatabaseError, InterfaceError):
        return "unavailable"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _migrations() -> str:
    missing = _known_migrations() - set(
        MigrationRecorder(connection).applied_migrations()
    )
    return f"{len(missing)} to be applied" if missing else OK


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Those that this code comes with; they are files, so they are read once."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(loader.disk_migrations or ())


def _queue() -> str:
    jobs.count_waiting()
    return OK
