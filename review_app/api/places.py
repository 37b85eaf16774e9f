"""Cursors of the queue: the place of a row in the order of a list.

The row itself need not be there any more when somebody goes on behind it.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from review_app.queue.order import Order
from workflows_app.api.keyset import pack, read_moment, unpack
from workflows_app.models import InputRequest

NEVER = "-"
SMALLEST, LARGEST = -(2**31), 2**31 - 1


def write(row: InputRequest, order: Order) -> str:
    return pack(*(_text(getattr(row, name)) for name in _names(order)))


def read(cursor: str, order: Order) -> InputRequest:
    """What stands at a place, as far as its order goes. Raises ApiError for no cursor."""
    names = list(_names(order))
    found = unpack(cursor, *(_READ[name] for name in names))
    row = InputRequest()
    for name, value in zip(names, found, strict=True):
        setattr(row, name, value)
    return row


def _names(order: Order) -> Iterator[str]:
    return (column.removeprefix("-") for column in order.columns)


def _text(value: Any) -> str:
    if value is None:
        return NEVER
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _deadline(text: str) -> datetime | None:
    return None if text == NEVER else read_moment(text)


def _priority(text: str) -> int:
    value = int(text)
    if not SMALLEST <= value <= LARGEST:
        raise ValueError
    return value


_READ: Mapping[str, Callable[[str], Any]] = {
    "expires_at": _deadline,
    "opened_at": read_moment,
    "voted_at": read_moment,
    "priority": _priority,
    "id": UUID,
}
