"""Days, as programs name them."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


def _day(text: str) -> str:
    if not date.min < date.fromisoformat(text) < date.max:
        raise ValueError("must not be the first or last of all days")
    return text


Day = Annotated[
    str,
    StringConstraints(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_day),
    Field(description="As in `2026-11-30`."),
]
