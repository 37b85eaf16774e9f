"""The main loop of an executor process, and its pipes from and to the supervisor."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from .executor import Executor, Report, SendMessage

SWITCH = 0.001
"""Seconds after which a body that computes lets the main loop have a turn."""


def _reporter(fd: int) -> Report:
    """Lines of JSON to the supervisor; each is one write, shorter than a pipe's atom."""

    def report(line: Mapping[str, Any]) -> None:
        try:
            os.write(fd, json.dumps(line).encode() + b"\n")
        except BrokenPipeError:
            os._exit(1)  # the supervisor is gone, and the kernel is about to end us

    return report


async def _take_orders(executor: Executor) -> None:
    """Lines of JSON from the supervisor, on standard input."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        executor.obey(json.loads(line))


async def serve(report_fd: int, send_message: SendMessage) -> None:
    """The main loop of an executor process."""
    sys.setswitchinterval(SWITCH)
    executor = Executor(_reporter(report_fd), send_message)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, executor.drain)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the supervisor decides
    beside = [
        asyncio.create_task(_take_orders(executor)),
        asyncio.create_task(executor.beat()),
    ]
    await executor.run()
    for task in beside:
        task.cancel()
