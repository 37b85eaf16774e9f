"""The reader's time zone, as his browser told it: for "tomorrow at nine"."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest

COOKIE = "zone"
UTC = ZoneInfo("UTC")


def zone_of(request: HttpRequest) -> ZoneInfo:
    """UTC for a browser that has told nothing, or nothing that is a zone."""
    name = request.COOKIES.get(COOKIE, "")
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
