"""Long lists: which rows of them, and page by page after the last row of the one before."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from .errors import ApiError

TAG = "`key=value`, or `key` for any value; given several times, all must hold."

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Keyset(Generic[Row]):
    """The newest first: by a moment, and by their ids within it."""

    moment: str

    def page(
        self, rows: "QuerySet[Row]", cursor: str, limit: int
    ) -> tuple[Sequence[Row], str | None]:
        """So many rows after a cursor, and the cursor for more, if there is more."""
        if cursor:
            rows = rows.filter(self._after(*_read(cursor)))
        found = list(rows.order_by(f"-{self.moment}", "-pk")[: limit + 1])
        has_more = len(found) > limit
        return found[:limit], self._cursor(found[limit - 1]) if has_more else None

    def _after(self, moment: datetime, pk: UUID) -> Q:
        at = {self.moment: moment}
        return Q(**{f"{self.moment}__lt": moment}) | Q(**at, pk__lt=pk)

    def _cursor(self, row: Row) -> str:
        moment: datetime = getattr(row, self.moment)
        return urlsafe_b64encode(f"{moment.isoformat()} {row.pk}".encode()).decode()


def tagged(tags: Sequence[str]) -> Q:
    """What has all these tags."""
    found = Q()
    for tag in tags:
        key, has_value, value = tag.partition("=")
        is_any = not has_value or value == "*"
        found &= Q(tags__has_key=key) if is_any else Q(tags__contains={key: value})
    return found


def _read(cursor: str) -> tuple[datetime, UUID]:
    """Raises ApiError for what is no cursor of ours."""
    try:
        moment, pk = urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return _aware(datetime.fromisoformat(moment)), UUID(pk)
    except ValueError:
        message = "Take `next` of the page before as the cursor, as it is."
        raise ApiError(400, "invalid_cursor", message, path=["cursor"]) from None


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError
    return moment
