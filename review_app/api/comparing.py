"""Two snapshots of a run side by side."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from review_app.run.compare import Change, TooLargeError, compare
from workflows_app.api.bearer import user_of
from workflows_app.api.errors import ApiError, not_found
from workflows_app.api.found import get_snapshot
from workflows_app.api.json_reply import stored
from workflows_app.api.routes import get
from workflows_app.engine import values
from workflows_app.models import Scope
from workflows_app.shown.redaction import Redactor

router = Router(tags=["snapshots"])


class ChangeReply(BaseModel):
    """One place at which two snapshots differ."""

    path: list[str] = Field(
        description="It begins with `state` (what steps keep), `engine` or `runs below`."
    )
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any

    @classmethod
    def of(cls, change: Change) -> "ChangeReply":
        return cls(
            path=list(change.path),
            kind=change.kind,
            before=stored(values.dump(change.before)),
            after=stored(values.dump(change.after)),
        )


class ChangeList(BaseModel):
    """All that changed from the older snapshot to the newer one."""

    items: list[ChangeReply]


@get(
    router,
    "/snapshots/{uuid:snapshot_id}/compare/{uuid:other_id}",
    Scope.OPERATE,
    returns=ChangeList,
    errors=(404, 422),
)
def compare_snapshots(
    request: HttpRequest, snapshot_id: UUID, other_id: UUID
) -> ChangeList:
    """What changed from the older of two snapshots of a run to the newer, secrets masked.

    What differs too much to be compared here is `422 too_large_to_compare`.
    """
    user = user_of(request)
    rows = [get_snapshot(user, pk) for pk in (snapshot_id, other_id)]
    older, newer = sorted(rows, key=lambda row: (row.taken_at, row.pk))
    if older.run_id != newer.run_id:
        raise not_found()
    try:
        found = compare(older, newer, Redactor())
    except TooLargeError as error:
        message = "These differ too much to be compared here."
        raise ApiError(422, "too_large_to_compare", message) from error
    return ChangeList(items=list(map(ChangeReply.of, found)))
