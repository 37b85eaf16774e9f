"""Django's ASGI application, with each request in one thread from its first middleware on."""

from collections.abc import Callable
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class OneThread(ASGIHandler):
    """Runs all middleware and the view of a request in the request's thread, in one go.

    Django's own goes back to the event loop between any two of them, twice: with ten
    that is 5 of the 20 ms of a small page. All of ours are synchronous.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)
        chain: Callable[..., Any] = self._middleware_chain  # type: ignore[has-type]
        self._middleware_chain = sync_to_async(chain)


def application() -> OneThread:
    """The application, for a process in which nothing is set up yet."""
    django.setup(set_prefix=False)
    return OneThread()
