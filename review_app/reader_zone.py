"""The reader's time zone, as his browser told it: for "tomorrow at nine"."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest

COOKIE = "zone"
UTC = ZoneInfo("UTC")


def zone_of(request: HttpRequest) -> ZoneInfo:
    """UTC for a browser that has told nothing, or nothing that is a zone."""
    return find_zone(request.COOKIES.get(COOKIE, "")) or UTC


def find_zone(name: str) -> ZoneInfo | None:
    """The zone of a name, as in "Europe/Berlin"."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
