"""Moments on the page: what a browser's pickers give, and what JSON Schema asks for."""

from datetime import UTC, date, datetime, time

from django.utils import timezone


def show_date(text: str) -> str:
    """Write a date for the picker; ValueError if it is none."""
    return date.fromisoformat(text).isoformat()


def show_moment(text: str) -> str:
    """Write a moment in the page's time zone for the picker; ValueError if none."""
    moment = datetime.fromisoformat(text)
    try:
        local = timezone.make_naive(moment) if moment.tzinfo else moment
    except OverflowError as error:  # in the year 1 or 9999
        raise ValueError(*error.args) from None
    return local.isoformat(timespec="seconds")


def read_moment(text: str) -> str:
    """Give a moment of the picker the offset of the page's time zone."""
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo else timezone.make_aware(moment)
    return _with_z(aware.isoformat())


def show_time(text: str) -> str:
    """Write a time of day for the picker, in UTC; ValueError if it is none."""
    clock = time.fromisoformat(text)
    if clock.utcoffset():
        raise ValueError("A picker has no room for an offset.")
    return clock.replace(tzinfo=None).isoformat(timespec="seconds")


def read_time(text: str) -> str:
    """Give a time of day of the picker the offset of UTC."""
    clock = time.fromisoformat(text)
    return _with_z((clock if clock.tzinfo else clock.replace(tzinfo=UTC)).isoformat())


def _with_z(text: str) -> str:
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
