"""Days, as programs name them, and where they begin and end."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from review_app.reader_zone import find_zone


def _day(text: str) -> str:
    if not date.min < date.fromisoformat(text) < date.max:
        raise ValueError("must not be the first or last of all days")
    return text


def _known(name: str) -> str:
    if find_zone(name) is None:
        raise ValueError("is no time zone that is known here")
    return name


Day = Annotated[
    str,
    StringConstraints(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_day),
    Field(description="As in `2026-11-30`."),
]
Zone = Annotated[str, StringConstraints(max_length=100), AfterValidator(_known)]


class Zoned(BaseModel):
    """Where days begin and end."""

    zone: Zone = Field(default="UTC", description="As in `Europe/Berlin`.")

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)
