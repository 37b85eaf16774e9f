"""The statements of the hot path, by hand: few, prepared, one for each row set.

The ORM would cost several times the CPU of the transition itself (performance.md, 1).
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection

from workflows_app.models import (
    Call,
    Callback,
    Definition,
    InputRequest,
    InputResponse,
    Receiver,
    Run,
    RunEvent,
    RunState,
    Snapshot,
)

_TABLES = {
    model.__name__: model._meta.db_table  # noqa: SLF001 - Django's documented place
    for model in (
        Call,
        Callback,
        Definition,
        InputRequest,
        InputResponse,
        Receiver,
        Run,
        RunEvent,
        RunState,
        Snapshot,
    )
}


def _sql(text: str) -> str:
    """A statement with the tables' names in it."""
    return text.format(**_TABLES)


def execute(statement: str, parameters: Mapping[str, Any]) -> psycopg.Cursor[Any]:
    """Run a statement on Django's connection, in its transaction, prepared."""
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(raw)
        cursor.execute(statement, parameters, prepare=True)
    return cursor


# The outer SELECT runs after the row is locked, and so does its clock. A claim that
# is lost in a crash is claimed again: its commit need not wait for the disk.
LOCK_RUN = _sql("""
    WITH locked AS MATERIALIZED (
        SELECT run.id, run.definition_id, run.state, run.revision, run.last_number,
               run.changed_at, run.workflow, run.tags
        FROM {Run} run WHERE run.id = %(run)s FOR NO KEY UPDATE
    )
    SELECT locked.id, definition_id, state, revision, last_number, workflow, tags,
           extract(epoch FROM greatest(clock_timestamp(), changed_at))::float8 AS now,
           set_config('synchronous_commit', %(sync)s, true)
    FROM locked
""")

PUBLISH_DEFINITION = _sql("""
    INSERT INTO {Definition} (digest, name, version, body, published_at)
    VALUES (%(digest)s, %(name)s, %(version)s, %(body)s, clock_timestamp())
    ON CONFLICT (digest) DO UPDATE SET published_at = excluded.published_at
""")

KEEP_DEFINITION = _sql("""
    INSERT INTO {Definition} (digest, name, version, body)
    VALUES (%(digest)s, %(name)s, %(version)s, %(body)s)
    ON CONFLICT DO NOTHING
""")

# With the definition that the run is pinned to, should no worker have published it.
INSERT_RUN = _sql("""
    WITH kept AS (
        INSERT INTO {Definition} (digest, name, version, body)
        VALUES (%(digest)s, %(name)s, %(version)s, %(body)s)
        ON CONFLICT DO NOTHING
    )
    INSERT INTO {Run} (id, workflow, definition_id, status, paused, state, revision,
        last_number, input, started_by_id, source_id, groups, tags, idempotency_key,
        created_at, changed_at)
    SELECT %(run)s, %(name)s, %(digest)s, 'running', false, '', 0, 0, %(input)s,
        %(started_by)s, %(source)s, %(groups)s::text[], %(tags)s, %(key)s, now, now
    FROM clock_timestamp() now
    ON CONFLICT DO NOTHING
    RETURNING extract(epoch FROM created_at)::float8
""")

# The run, its new lines and its calls, in one statement.
SAVE_RUN = _sql("""
    WITH saved AS (
        UPDATE {Run} SET
            status = %(status)s, paused = %(paused)s, state = %(state)s,
            revision = %(revision)s, last_number = %(number)s,
            changed_at = to_timestamp(%(now)s),
            timeout_at = to_timestamp(%(timeout_at)s),
            finished_at = coalesce(to_timestamp(%(finished_at)s), finished_at),
            result = coalesce(%(result)s, result), error = coalesce(%(error)s, error)
        WHERE id = %(run)s
    ), logged AS (
        INSERT INTO {RunEvent} (run_id, at, number, kind, step, call, attempt,
            actor_kind, actor, door, body)
        SELECT %(run)s, to_timestamp(%(now)s), line.*
        FROM unnest(%(numbers)s::bigint[], %(kinds)s::text[], %(steps)s::text[],
            %(calls)s::int[], %(attempts)s::int[], %(actor_kinds)s::text[],
            %(actors)s::text[], %(doors)s::text[], %(bodies)s::text[]) line
    ), ended AS (
        DELETE FROM {Call} WHERE run_id = %(run)s AND number = ANY(%(ended)s::int[])
    )
    INSERT INTO {Call} (run_id, number, step, attempt, worker, ready_at, lease_until)
    SELECT %(run)s, number, step, attempt, worker,
        CASE WHEN worker = '' THEN to_timestamp(%(now)s) END,
        CASE WHEN worker <> '' THEN to_timestamp(%(now)s + %(lease)s) END
    FROM unnest(%(call_numbers)s::int[], %(call_steps)s::text[],
        %(call_attempts)s::int[], %(workers)s::text[])
        call(number, step, attempt, worker)
    ON CONFLICT (run_id, number) DO UPDATE SET
        attempt = excluded.attempt, worker = excluded.worker,
        ready_at = excluded.ready_at, lease_until = excluded.lease_until
""")

READ_VALUES = _sql("SELECT key, text, version FROM {RunState} WHERE run_id = %(run)s")

READ_SOME_VALUES = _sql("""
    SELECT key, text, version FROM {RunState}
    WHERE run_id = %(run)s AND key = ANY(%(keys)s::text[])
""")

# The version of a key is the run's revision that wrote it: a key that is deleted and
# written again never has a version that somebody has seen before.
WRITE_VALUES = _sql("""
    INSERT INTO {RunState} (run_id, key, text, version)
    SELECT %(run)s, value.*, %(revision)s
    FROM unnest(%(keys)s::text[], %(texts)s::text[]) value
    ON CONFLICT (run_id, key) DO UPDATE SET
        text = excluded.text, version = excluded.version
""")

DELETE_VALUES = _sql("""
    DELETE FROM {RunState} WHERE run_id = %(run)s AND key = ANY(%(keys)s::text[])
""")

INSERT_REQUEST = _sql("""
    INSERT INTO {InputRequest} (id, run_id, root_id, request_id, workflow, step, status,
        subject, shown, digest, policy, assignees, groups, priority, tags, previous,
        opened_at, expires_at)
    VALUES (%(id)s, %(run)s, %(run)s, %(request_id)s, %(workflow)s, %(step)s, 'open',
        %(subject)s, %(shown)s, %(digest)s, %(policy)s, %(assignees)s::text[],
        %(groups)s::text[], %(priority)s, %(tags)s, %(previous)s,
        to_timestamp(%(now)s), to_timestamp(%(expires_at)s))
    ON CONFLICT (root_id, request_id) DO NOTHING
    RETURNING id
""")

CLOSE_REQUESTS = _sql("""
    UPDATE {InputRequest} request SET
        status = closed.status, closed_at = to_timestamp(%(now)s)
    FROM unnest(%(request_ids)s::text[], %(statuses)s::text[])
        closed(request_id, status)
    WHERE request.run_id = %(run)s AND request.request_id = closed.request_id
""")

INSERT_RESPONSE = _sql("""
    INSERT INTO {InputResponse} (id, request_id, run_id, user_id, responder_kind,
        responder, door, outcome, answer, reason, idempotency_key, at)
    SELECT %(id)s, request.id, %(run)s, %(user)s, %(responder_kind)s, %(responder)s,
        %(door)s, %(outcome)s, %(answer)s, %(reason)s, %(key)s, to_timestamp(%(now)s)
    FROM {InputRequest} request
    WHERE request.run_id = %(run)s AND request.request_id = %(request_id)s
""")

# The newest ones of a run are kept; ids grow with time.
INSERT_SNAPSHOT = _sql("""
    WITH dropped AS (
        DELETE FROM {Snapshot} WHERE id IN (
            SELECT id FROM {Snapshot} WHERE run_id = %(run)s
            ORDER BY id DESC OFFSET %(kept)s - 1)
    )
    INSERT INTO {Snapshot} (id, run_id, revision, number, cause, taken_at, state, values)
    SELECT %(id)s, %(run)s, %(revision)s, %(number)s, %(cause)s, to_timestamp(%(now)s),
        %(state)s, coalesce(json_object_agg(
            key, json_build_object('text', text, 'version', version)), '{{}}')::text
    FROM {RunState} WHERE run_id = %(run)s
""")

# The outbox: one message for each receiver that wants to hear of this workflow.
INSERT_CALLBACKS = _sql("""
    INSERT INTO {Callback} (id, run_id, receiver_id, kind, body, status, attempts,
        due_at, last_reply, created_at)
    SELECT gen_random_uuid(), %(run)s, receiver.id, %(kind)s, %(body)s, 'pending', 0,
        to_timestamp(%(now)s), '', to_timestamp(%(now)s)
    FROM {Receiver} receiver
    WHERE receiver.is_active
        AND (receiver.workflows = '{{}}' OR %(workflow)s = ANY(receiver.workflows))
    RETURNING id
""")

# What the watch loop looks for: due rows without locks, a bounded number at a time.
LOST_CALLS = _sql("""
    SELECT run_id, number, attempt FROM {Call}
    WHERE lease_until < clock_timestamp()
    ORDER BY lease_until LIMIT 200
""")

DUE_REQUESTS = _sql("""
    SELECT request.run_id, request.request_id
    FROM {InputRequest} request JOIN {Run} run ON run.id = request.run_id
    WHERE request.status = 'open' AND request.expires_at <= clock_timestamp()
      AND NOT run.paused
    ORDER BY request.expires_at LIMIT 200
""")

LATE_RUNS = _sql("""
    SELECT id FROM {Run} WHERE timeout_at <= clock_timestamp()
    ORDER BY timeout_at LIMIT 200
""")

READY_CALLS = _sql("""
    SELECT run.id, run.definition_id, call.number, call.attempt, call.step
    FROM {Call} call JOIN {Run} run ON run.id = call.run_id
    WHERE call.ready_at < clock_timestamp() - %(seconds)s * interval '1 s'
      AND NOT run.paused
      AND NOT EXISTS (
        SELECT FROM pgqueuer job WHERE job.status IN ('queued', 'picked')
          AND job.dedupe_key = concat_ws(':', run.id, call.number, call.attempt))
    ORDER BY call.ready_at LIMIT 200
""")

DUE_CALLBACKS = _sql("""
    SELECT id FROM {Callback}
    WHERE status = 'pending' AND due_at <= clock_timestamp()
    ORDER BY due_at LIMIT 200
""")

POSTMASTER = """
    SELECT pg_postmaster_start_time(),
        extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8
"""

RENEW_LEASES = _sql("""
    UPDATE {Call} call SET lease_until = clock_timestamp() + %(lease)s * interval '1 s'
    FROM unnest(%(runs)s::uuid[], %(calls)s::int[], %(attempts)s::int[])
        held(run, number, attempt)
    WHERE call.run_id = held.run AND call.number = held.number
        AND call.attempt = held.attempt AND call.worker = %(worker)s
""")
