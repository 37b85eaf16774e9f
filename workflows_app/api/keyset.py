"""Long lists: which rows of them, and page by page after the last row of the one before."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from .errors import ApiError

TAG = "`key=value`, or `key` for any value; given several times, all must hold."

LARGEST = 2**63 - 1
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Keyset(Generic[Row]):
    """The newest first: by a moment, and by their ids within it."""

    moment: str
    read_pk: Callable[[str], Any] = UUID

    def page(
        self, rows: "QuerySet[Row]", cursor: str, limit: int
    ) -> tuple[Sequence[Row], str | None]:
        """So many rows after a cursor, and the cursor for more, if there is more."""
        if cursor:
            rows = rows.filter(self._after(*unpack(cursor, read_moment, self.read_pk)))
        found = list(rows.order_by(f"-{self.moment}", "-pk")[: limit + 1])
        has_more = len(found) > limit
        return found[:limit], self._cursor(found[limit - 1]) if has_more else None

    def _after(self, moment: datetime, pk: Any) -> Q:
        """The first condition is a range of an index: PostgreSQL begins there."""
        is_older = Q((f"{self.moment}__lt", moment)) | Q(pk__lt=pk)
        return Q((f"{self.moment}__lte", moment)) & is_older

    def _cursor(self, row: Row) -> str:
        moment: datetime = getattr(row, self.moment)
        return pack(moment.isoformat(), str(row.pk))


def matching(**wanted: Any) -> Q:
    """What fulfils each condition for which something is wanted."""
    return Q(**{name: value for name, value in wanted.items() if value})


def tagged(tags: Sequence[str]) -> Q:
    """What has all these tags."""
    found = Q()
    for tag in tags:
        key, has_value, value = tag.partition("=")
        is_any = not has_value or value == "*"
        found &= Q(tags__has_key=key) if is_any else Q(tags__contains={key: value})
    return found


def pack(*parts: str) -> str:
    """The place of a row as a cursor; no part has a blank in it."""
    return urlsafe_b64encode(" ".join(parts).encode()).decode()


def unpack(cursor: str, *readers: Callable[[str], Any]) -> list[Any]:
    """What was packed, each part read. Raises ApiError for what is no cursor of ours."""
    try:
        parts = urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return [read(part) for read, part in zip(readers, parts, strict=True)]
    except ValueError:
        message = "Take `next` of the page before as the cursor, as it is."
        raise ApiError(400, "invalid_cursor", message, path=["cursor"]) from None


def read_number(text: str) -> int:
    """An id that is a number, as far as the database has any."""
    number = int(text)
    if not 0 <= number <= LARGEST:
        raise ValueError
    return number


def read_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment
