"""Loads the demo: people, a program, a source, a receiver, and runs to begin with."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from .announcement import announcement
from .demo_json import Demo, find_demo, write_demo_json
from .people import load_people
from .samples import start_sample_runs
from .sources import load_receiver, load_sources
from .token import load_token

__all__ = ["Demo", "announcement", "load", "start_sample_runs", "write_demo_json"]


class NotADemoError(RuntimeError):
    """Demo people are only loaded where HOLDPOINT_PROFILE is demo."""

    def __str__(self) -> str:
        return str(self.__doc__)


def load(data_dir: Path, url: str) -> Demo:
    """Make what is missing, and leave the rest as it is; so every start may call it.

    Passwords are those of `demo.json`, as long as that is there.
    """
    if settings.PROFILE != "demo":
        raise NotADemoError
    earlier = find_demo(data_dir)
    with transaction.atomic():
        users = load_people(earlier.passwords if earlier else {})
        load_receiver(url)
        sources = load_sources()
        token = load_token(earlier.api_token if earlier else None)
    return Demo(
        url=url.rstrip("/"),
        users=users,
        api_token=token,
        sources=sources,
        data_dir=data_dir,
    )
