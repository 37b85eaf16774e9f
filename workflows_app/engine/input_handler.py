"""Answers that code gives to input requests, before people see them."""

from collections.abc import Callable
from typing import Any, Final

from .input_request import InputRequestEvent


class Decline:
    """No answer: the request stays open for people."""

    def __repr__(self) -> str:
        return "DECLINE"


DECLINE: Final = Decline()

InputHandler = Callable[[InputRequestEvent], Any]
"""Gives the response to a request (or an awaitable of it), or DECLINE."""
