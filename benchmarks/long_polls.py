"""`python -m benchmarks.long_polls`: thousands wait for decisions at one web process.

Opens so many questions, lets as many long polls wait for them, decides one after the
other, and tells how long after its commit each decision reached who waited for it, what a
poll costs in memory, and how many threads and database connections there are meanwhile.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import TypeAlias
from urllib.request import urlopen

import psutil

from benchmarks.house import running, throw_away_house, wait_for

WAIT = 300
OPENED_PER_SECOND = 40
CALM, CALM_WITHIN = 0.4, 15
"""Of a core, and seconds: those who wait look now and then, in case a wake-up got lost."""
PROMISE = 1.0
"""Seconds after its decision within which each poll must be answered."""


@dataclass(frozen=True)
class Figures:
    """What was seen; times are seconds, memory is bytes."""

    polls: int
    answered: int
    sent_again: int
    decided_per_second: float
    delay_p50: float
    delay_p99: float
    delay_max: float
    memory_before: int
    memory_waiting: int
    memory_per_poll: float
    threads_before: int
    threads_waiting: int
    connections_before: int
    connections_waiting: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the request, and its run."""

    pk: str
    run_id: str


Poll: TypeAlias = tuple[str, float, int]


class House:
    """The web process under test, seen from outside."""

    def __init__(self, pid: int, port: int, token: str) -> None:
        self.process = psutil.Process(pid)
        self.port = port
        self.token = token

    def memory(self) -> int:
        return int(self.process.memory_info().rss)

    def threads(self) -> int:
        return int(self.process.num_threads())

    def connections(self) -> int:
        """Connections of all processes to the database, but for our own."""
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type ="
                " 'client backend' AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])


def main() -> None:
    arguments = _arguments()
    with throw_away_house() as directory:
        figures = _measure(directory, arguments.polls, arguments.rate)
    sys.stdout.write(f"{json.dumps(asdict(figures), indent=1)}\n")
    is_kept = figures.answered == arguments.polls and figures.delay_max <= PROMISE
    sys.exit(0 if is_kept else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_polls")
    parser.add_argument("--polls", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=25.0, help="decisions a second")
    return parser.parse_args()


def _measure(directory: Path, count: int, rate: float) -> Figures:
    token, questions = _prepare(count)
    port = _free_port()
    address = f"http://127.0.0.1:{port}/readyz"
    with running(directory, "web", "--port", str(port)) as process:
        wait_for(process, lambda: _is_ready(address))
        house = House(process.pid, port, token)
        return asyncio.run(_wait_and_decide(house, questions, rate))


def _prepare(count: int) -> tuple[str, list[Question]]:
    """Somebody who asks, and his questions."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from workflows_app.api import tokens  # noqa: PLC0415
    from workflows_app.engine.emission import as_request  # noqa: PLC0415
    from workflows_app.engine.events import InputRequestEvent  # noqa: PLC0415
    from workflows_app.models import InputRequest, Scope  # noqa: PLC0415
    from workflows_app.runtime.external import Asker, ask  # noqa: PLC0415

    user = User.objects.create_user("asker")
    issued = tokens.issue(user, "long polls", [Scope.ASK], rate=10_000_000)
    for _ in range(count):
        event = InputRequestEvent(prompt="Go on?", choices=["yes", "no"])
        ask(as_request(event), asker=Asker(user=user))
    rows = InputRequest.objects.values_list("pk", "run_id")
    return issued.text, [Question(str(pk), str(run_id)) for pk, run_id in rows]


async def _wait_and_decide(
    house: House, questions: list[Question], rate: float
) -> Figures:
    before = house.memory(), house.threads(), await asyncio.to_thread(house.connections)
    polls = await _open(house, questions)
    waiting = house.memory(), house.threads()
    connections = await asyncio.to_thread(house.connections)
    begun = monotonic()
    decided = await _decide(questions, rate)
    seconds = monotonic() - begun
    answered = [await poll for poll in polls]
    delays = sorted(max(0.0, told - decided[pk]) for pk, told, _ in answered)
    return Figures(
        polls=len(questions),
        answered=len(delays),
        sent_again=sum(tries - 1 for *_, tries in answered),
        decided_per_second=round(len(decided) / seconds, 1),
        delay_p50=round(delays[len(delays) // 2], 4),
        delay_p99=round(delays[len(delays) * 99 // 100], 4),
        delay_max=round(delays[-1], 4),
        memory_before=before[0],
        memory_waiting=waiting[0],
        memory_per_poll=round((waiting[0] - before[0]) / len(questions)),
        threads_before=before[1],
        threads_waiting=waiting[1],
        connections_before=before[2],
        connections_waiting=connections,
    )


async def _open(house: House, questions: list[Question]) -> list[asyncio.Task[Poll]]:
    """So many polls, begun one after the other, until nothing is left but waiting."""
    polls = []
    for question in questions:
        polls.append(asyncio.create_task(_poll(house, question)))
        await asyncio.sleep(1 / OPENED_PER_SECOND)
    await _until_calm(house)
    return polls


async def _poll(house: House, question: Question) -> Poll:
    """Which was decided, when it was heard of, after how many tries."""
    tries = 1
    while (told := await _send(house, question))["status"] != "answered":
        tries += 1
        await asyncio.sleep(1)  # as a client does that is told to come back
    return told["id"], monotonic(), tries


async def _send(house: House, question: Question) -> dict[str, str]:
    """What one long poll is told, over a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    path = f"/api/v1/requests/{question.pk}/decision?wait={WAIT}"
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    writer.write(f"{head}Authorization: Bearer {house.token}\r\n\r\n".encode())
    reply = await reader.read()
    writer.close()
    told: dict[str, str] = json.loads(reply.partition(b"\r\n\r\n")[2])
    return {"status": "", **told}


async def _until_calm(house: House) -> None:
    """Until the process has taken everything in, and little is left but waiting."""
    for _ in range(CALM_WITHIN):
        used = sum(house.process.cpu_times()[:2])
        await asyncio.sleep(1)
        if sum(house.process.cpu_times()[:2]) - used < CALM:
            return


async def _decide(questions: list[Question], rate: float) -> dict[str, float]:
    """Decide them one after the other; when each commit was done."""
    decided, begun = {}, monotonic()
    for number, question in enumerate(questions):
        await asyncio.sleep(max(0.0, begun + number / rate - monotonic()))
        decided[question.pk] = await asyncio.to_thread(_answer, question.run_id)
    return decided


def _answer(run_id: str) -> float:
    from workflows_app.models import InputRequest  # noqa: PLC0415
    from workflows_app.runtime.handler import Answer, Handler  # noqa: PLC0415

    asked = InputRequest.objects.get(run_id=run_id)
    Handler(run_id).respond(asked.request_id, Answer(outcome="yes"))
    return monotonic()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(address: str) -> bool:
    try:
        with urlopen(address, timeout=2):  # noqa: S310 - our own
            return True
    except OSError:
        return False


if __name__ == "__main__":
    os.environ.setdefault("HOLDPOINT_LOG", "ERROR")
    main()
