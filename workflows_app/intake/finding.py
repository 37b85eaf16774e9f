"""Which run or request a message is about: exactly one of the source's workflow."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from workflows_app.engine.emission import check_name
from workflows_app.engine.errors import ValidationError
from workflows_app.models import InputRequest, Run, Source

from .refusals import NothingFoundError, SeveralFoundError

LIVE = (Run.Status.RUNNING, Run.Status.WAITING)
OPEN = (InputRequest.Status.OPEN, InputRequest.Status.DECIDED)
MOST_LOOKED_AT = 100
"""Requests that are over, of which the newest tells why nothing can be answered."""

Wanted = Mapping[str, Any]
Row = TypeVar("Row", InputRequest, Run)


def find_request(source: Source, wanted: Wanted) -> InputRequest:
    """The open request that is meant; else one that was, and will say why it is not.

    Raises NothingFoundError or SeveralFoundError.
    """
    _check(wanted)
    requests = _requests(source, wanted).select_related("run")
    found = _find_one(requests.filter(status__in=OPEN))
    if found is not None:
        return found
    over = list(requests.order_by().values_list("pk", flat=True)[:MOST_LOOKED_AT])
    if not over:
        raise NothingFoundError
    return requests.get(pk=max(over))  # ids grow with time


def find_run(source: Source, wanted: Wanted) -> Run:
    """The run that goes on and is meant; else one that was, and has ended."""
    _check(wanted)
    runs = Run.objects.filter(workflow=source.workflow, **_run_fields(wanted))
    found = _find_one(runs.filter(status__in=LIVE))
    if found is not None:
        return found
    over = list(runs.order_by()[:1])
    if not over:
        raise NothingFoundError
    return over[0]


def _find_one(rows: QuerySet[Row]) -> Row | None:
    """In no order: to sort them, a database might look at all rows of the table."""
    found = list(rows.order_by()[:2])
    if len(found) > 1:
        raise SeveralFoundError
    return found[0] if found else None


def _requests(source: Source, wanted: Wanted) -> QuerySet[InputRequest]:
    """Those of the workflow, in runs of any tree whose top run is meant."""
    requests = InputRequest.objects.filter(workflow=source.workflow)
    if "request" in wanted:
        requests = requests.filter(pk=_uuid(wanted["request"]))
    if "request_id" in wanted:
        requests = requests.filter(request_id=wanted["request_id"])
    if "run" in wanted:
        asking = Run.objects.filter(pk=_uuid(wanted["run"])).values("root_id")
        requests = requests.filter(root_id__in=asking)
    if "tags" in wanted or "key" in wanted:
        top = _run_fields({n: wanted[n] for n in ("tags", "key") if n in wanted})
        is_meant = Exists(Run.objects.filter(pk=OuterRef("root_id"), **top))
        requests = requests.filter(is_meant)
    return requests


def _run_fields(wanted: Wanted) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "run" in wanted:
        fields["pk"] = _uuid(wanted["run"])
    if "key" in wanted:
        fields["idempotency_key"] = wanted["key"]
    if "tags" in wanted:
        fields["tags__contains"] = wanted["tags"]
    return fields


def _check(wanted: Wanted) -> None:
    """Nothing bears a name that could be none; and no value must not mean any value."""
    names = [*wanted.get("tags", {}).values(), *wanted.values()]
    for name in [name for name in names if not isinstance(name, dict)]:
        try:
            check_name(name or "", "name")
        except ValidationError:
            raise NothingFoundError from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NothingFoundError from None
