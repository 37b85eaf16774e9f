"""The only place that defers jobs, and the only one that fetches them: PgQueuer.

A job is an alarm clock: losing, repeating or delaying one never harms a run, because
the claim of the call decides. So its tables are not even written to disk.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
from django.db import connection, transaction
from pgqueuer.adapters.persistence.queries import Queries, SyncQueries
from pgqueuer.models import Job
from pgqueuer.ports.driver import SyncDriver
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.types import QueueEntrypoint, QueueManagerId
from psycopg import RawCursor
from psycopg.rows import dict_row

from workflows_app.engine.definition import INPUT_HANDLER, Definition
from workflows_app.stream.wakeup import CHANNEL, JOBS, notifier

MESSAGE = "message"
ABANDONED = timedelta(seconds=10)
"""A job that was fetched but not finished in this time is fetched again."""

LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a lost connection of the queue looks like."""


@dataclass(frozen=True, slots=True)
class StepJob:
    """A call that some worker should claim."""

    run_id: UUID
    call: int


@dataclass(frozen=True, slots=True)
class MessageJob:
    """A message to the outside that is due."""

    message_id: UUID


Work: TypeAlias = StepJob | MessageJob


class _DjangoDriver(SyncDriver):
    """Lets PgQueuer enqueue in Django's transaction."""

    def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        connection.ensure_connection()
        with connection.wrap_database_errors:
            cursor = RawCursor(connection.connection, row_factory=dict_row)
            cursor.execute(query, args, prepare=True)
            return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class ReadyCall:
    """A call that waits for a worker, with the attempts it had so far."""

    number: int
    attempt: int
    step: str


def entrypoint(definition: Definition, step: str) -> str:
    """Workers fetch only jobs of steps that they have code for; the others wait."""
    return f"step:{definition.name}@{definition.version}:{step}"


def entrypoints(definition: Definition) -> list[str]:
    """All that needs a worker; other runs do the work of a sub-workflow step."""
    steps = [step.name for step in definition.steps if step.subworkflow is None]
    if definition.has_input_handler:
        steps.append(INPUT_HANDLER)
    return [entrypoint(definition, step) for step in steps]


def defer_steps(
    run_id: UUID,
    definition: Definition,
    calls: Sequence[ReadyCall],
    *,
    priority: int = 0,
) -> None:
    """Ask for workers for these calls; higher priorities get them first."""
    names = [entrypoint(definition, call.step) for call in calls]
    payloads = [json.dumps([str(run_id), call.number]).encode() for call in calls]
    keys = [f"{run_id}:{call.number}:{call.attempt}" for call in calls]
    _defer(names, payloads, keys, priority)


def defer_messages(ids: Sequence[UUID]) -> None:
    """Ask a worker to send these messages, as soon as this transaction is over."""
    payloads = [json.dumps(str(pk)).encode() for pk in ids]
    _defer([MESSAGE] * len(ids), payloads, [f"message:{pk}" for pk in ids])
    if ids:
        transaction.on_commit(lambda: notifier.send([JOBS]))


def _defer(
    names: Sequence[str],
    payloads: Sequence[bytes],
    keys: Sequence[str],
    priority: int = 0,
) -> None:
    if not names:
        return
    SyncQueries(_DjangoDriver()).enqueue(
        list(names),
        list(payloads),
        [priority] * len(payloads),
        dedupe_key=list(keys),
        on_conflict="skip",
    )


def count_waiting() -> int:
    """Jobs that nobody has fetched yet; raises a database error if there is no queue."""
    sizes = SyncQueries(_DjangoDriver()).queue_size()
    return sum(size.count for size in sizes if size.status == "queued")


@dataclass(frozen=True, slots=True)
class Backlog:
    """Jobs of one kind that nobody has fetched yet, and the time since the first came.

    `workflow` is its name with its version; both names are empty for messages.
    """

    workflow: str
    step: str
    count: int
    oldest: timedelta


_BACKLOG = """
    SELECT entrypoint, count(*), clock_timestamp() - min(created)
    FROM pgqueuer WHERE status = 'queued' GROUP BY entrypoint ORDER BY 3 DESC
"""


def backlog() -> list[Backlog]:
    """What waits for workers; what has waited longest comes first."""
    with connection.cursor() as cursor:
        cursor.execute(_BACKLOG)
        return [Backlog(*_split(name), *rest) for name, *rest in cursor.fetchall()]


def _split(name: str) -> tuple[str, str]:
    """Workflow and step of an entrypoint; neither contains what separates them."""
    _, _, served = name.partition(":")
    workflow, _, step = served.partition(":")
    return workflow, step


class JobQueue:
    """Fetches jobs for an executor, over a connection of its own."""

    def __init__(self, names: Sequence[str]) -> None:
        self._wanted = {
            QueueEntrypoint(name): EntrypointExecutionParameter(concurrency_limit=0)
            for name in (*names, MESSAGE)
        }
        self._manager = QueueManagerId(uuid4())
        self._woken = asyncio.Event()
        self._connection: asyncpg.Connection[Any] | None = None

    async def connect(self, parameters: dict[str, Any]) -> None:
        """Listen for new jobs. Raises one of LOST when the database is away."""
        await self.close()
        port = parameters.get("port")
        self._connection = await asyncpg.connect(
            host=parameters.get("host"),
            port=int(port) if port else None,
            user=parameters.get("user"),
            password=parameters.get("password"),
            database=parameters.get("dbname"),
            ssl=parameters.get("sslmode"),
        )
        await self._connection.add_listener(CHANNEL, self._hear)
        self._connection.add_termination_listener(lambda _: self._woken.set())
        self._woken.set()

    async def fetch(self, most: int) -> list[Work]:
        """Take up to so many jobs off the queue; they are finished with that."""
        assert self._connection is not None
        self._woken.clear()  # before looking: what comes now wakes us again
        queries = Queries.from_asyncpg_connection(self._connection)
        jobs = await queries.dequeue(most, self._wanted, self._manager, None, ABANDONED)
        if jobs:
            await queries.log_jobs([(job, "successful", None) for job in jobs])
        return [_read(job) for job in jobs]

    async def wait(self, seconds: float) -> None:
        """Until there may be jobs, or so many seconds have passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
                self._woken.clear()
        except TimeoutError:
            pass

    def wake(self) -> None:
        self._woken.set()

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _hear(self, _connection: Any, _pid: int, _channel: str, topic: object) -> None:
        if topic == JOBS:
            self._woken.set()


def _read(job: Job) -> Work:
    content = json.loads(job.payload or b"null")
    if job.entrypoint == MESSAGE:
        return MessageJob(UUID(content))
    return StepJob(UUID(content[0]), content[1])
