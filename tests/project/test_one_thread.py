"""Requests in Django: into a thread once, and not out of it before they are answered."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from project.one_thread import OneThread

THREADS: list[int] = []


def note_thread(answer: Callable[..., Any]) -> Callable[..., Any]:
    """A middleware that can do no more than that."""

    def noting(request: HttpRequest) -> Any:
        THREADS.append(threading.get_ident())
        return answer(request)

    return noting


def view(_: HttpRequest) -> HttpResponse:
    THREADS.append(threading.get_ident())
    return HttpResponse("seen")


urlpatterns = [path("seen/", view)]

EACH_ADDS = "django.middleware.clickjacking.XFrameOptionsMiddleware"
NOTES = f"{__name__}.note_thread"


async def ask(*middleware: str) -> list[Mapping[str, Any]]:
    """What is sent to who asks, through this middleware."""
    sent, gone = list[Mapping[str, Any]](), asyncio.Event()
    scope = {"type": "http", "method": "GET", "path": "/seen/", "headers": []}
    arrived = [{"type": "http.request", "body": b""}]

    async def receive() -> dict[str, Any]:
        if not arrived:
            await gone.wait()
        return arrived.pop()

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=list(middleware)):
        await OneThread()(scope, receive, send)
    return sent


async def test_middleware_and_view_are_run_in_one_thread_beside_the_loop() -> None:
    THREADS.clear()

    _, sent = await ask(EACH_ADDS, NOTES, EACH_ADDS)

    assert sent["body"] == b"seen"
    assert len(THREADS) == 2
    assert len(set(THREADS)) == 1
    assert threading.get_ident() not in THREADS


async def test_more_middleware_makes_no_more_ways_to_the_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways, enter = list[object](), SyncToAsync.__call__

    async def count(self: Any, *args: Any, **kwargs: Any) -> Any:
        ways.append(self)
        return await enter(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", count)
    await ask()
    least = len(ways)

    await ask(EACH_ADDS, NOTES, EACH_ADDS, EACH_ADDS)

    assert len(ways) == 2 * least
