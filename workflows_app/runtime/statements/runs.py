"""A run and all that is written with it: lines, calls, values, snapshots."""

from . import sql

# The outer SELECT runs after the row is locked, and so does its clock. A claim that
# is lost in a crash is claimed again: its commit need not wait for the disk.
LOCK_RUN = sql("""
    WITH locked AS MATERIALIZED (
        SELECT run.id, run.definition_id, run.state, run.revision, run.last_number,
               run.changed_at, run.workflow, run.tags, run.root_id, run.parent_id,
               run.priority
        FROM {Run} run WHERE run.id = %(run)s FOR NO KEY UPDATE
    )
    SELECT id, definition_id, state, revision, last_number, workflow, tags, root_id,
           parent_id, priority,
           extract(epoch FROM greatest(clock_timestamp(), changed_at))::float8 AS now,
           set_config('synchronous_commit', %(sync)s, true)
    FROM locked
""")

PUBLISH_DEFINITION = sql("""
    INSERT INTO {Definition} (digest, name, version, body, published_at)
    VALUES (%(digest)s, %(name)s, %(version)s, %(body)s, clock_timestamp())
    ON CONFLICT (digest) DO UPDATE SET published_at = excluded.published_at
""")

KEEP_DEFINITION = sql("""
    INSERT INTO {Definition} (digest, name, version, body)
    VALUES (%(digest)s, %(name)s, %(version)s, %(body)s)
    ON CONFLICT DO NOTHING
""")

# With the definition that the run is pinned to, should no worker have published it.
INSERT_RUN = sql("""
    WITH kept AS (
        INSERT INTO {Definition} (digest, name, version, body)
        VALUES (%(digest)s, %(name)s, %(version)s, %(body)s)
        ON CONFLICT DO NOTHING
    )
    INSERT INTO {Run} (id, root_id, workflow, definition_id, status, paused, state,
        revision, last_number, input, priority, started_by_id, source_id, token_id,
        groups, tags, idempotency_key, created_at, changed_at)
    SELECT %(run)s, %(run)s, %(name)s, %(digest)s, 'running', false, '', 0, 0,
        %(input)s, %(priority)s, %(started_by)s, %(source)s, %(token)s,
        %(groups)s::text[], %(tags)s, %(key)s, now, now
    FROM clock_timestamp() now
    ON CONFLICT DO NOTHING
    RETURNING extract(epoch FROM created_at)::float8
""")

# The run, its new lines and its calls, in one statement. A call without a worker and
# without a moment before which it must not run is ready.
SAVE_RUN = sql("""
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
    INSERT INTO {Call} (run_id, number, step, attempt, worker, ready_at, lease_until,
        not_before)
    SELECT %(run)s, number, step, attempt, worker,
        CASE WHEN worker = '' AND not_before IS NULL THEN to_timestamp(%(now)s) END,
        CASE WHEN worker <> '' THEN to_timestamp(%(now)s + %(lease)s) END,
        to_timestamp(not_before)
    FROM unnest(%(call_numbers)s::int[], %(call_steps)s::text[],
        %(call_attempts)s::int[], %(workers)s::text[], %(not_befores)s::float8[])
        call(number, step, attempt, worker, not_before)
    ON CONFLICT (run_id, number) DO UPDATE SET
        attempt = excluded.attempt, worker = excluded.worker,
        ready_at = excluded.ready_at, lease_until = excluded.lease_until,
        not_before = excluded.not_before
""")

READ_VALUES = sql("SELECT key, text, version FROM {RunState} WHERE run_id = %(run)s")

READ_SOME_VALUES = sql("""
    SELECT key, text, version FROM {RunState}
    WHERE run_id = %(run)s AND key = ANY(%(keys)s::text[])
""")

# The version of a key is the run's revision that wrote it: a key that is deleted and
# written again never has a version that somebody has seen before.
WRITE_VALUES = sql("""
    INSERT INTO {RunState} (run_id, key, text, version)
    SELECT %(run)s, value.*, %(revision)s
    FROM unnest(%(keys)s::text[], %(texts)s::text[]) value
    ON CONFLICT (run_id, key) DO UPDATE SET
        text = excluded.text, version = excluded.version
""")

DELETE_VALUES = sql("""
    DELETE FROM {RunState} WHERE run_id = %(run)s AND key = ANY(%(keys)s::text[])
""")

# The newest ones of a run are kept; ids grow with time. One statement sees all runs
# of the tree and all inboxes as they are at one moment: what a run has told and its
# target has not taken in yet is in neither's state, but it is in an inbox.
INSERT_SNAPSHOT = sql("""
    WITH RECURSIVE dropped AS (
        DELETE FROM {Snapshot} WHERE id IN (
            SELECT id FROM {Snapshot} WHERE run_id = %(run)s
            ORDER BY id DESC OFFSET %(kept)s - 1)
    ), tree AS (
        SELECT id FROM {Run} WHERE parent_id = %(run)s
        UNION ALL
        SELECT run.id FROM {Run} run JOIN tree ON run.parent_id = tree.id
    )
    INSERT INTO {Snapshot} (id, run_id, revision, number, cause, taken_at, state,
        values, inbox, children)
    SELECT %(id)s, %(run)s, %(revision)s, %(number)s, %(cause)s, to_timestamp(%(now)s),
        %(state)s, (
            SELECT coalesce(json_object_agg(
                key, json_build_object('text', text, 'version', version)), '{{}}')::text
            FROM {RunState} WHERE run_id = %(run)s
        ), (
            SELECT coalesce(json_agg(json_build_array(sender, number, tick)
                ORDER BY id), '[]')::text
            FROM {RunInbox} WHERE target_id = %(run)s
        ), (
            SELECT coalesce(json_agg(json_build_object(
                'run_id', run.id, 'revision', run.revision, 'number', run.last_number,
                'state', run.state, 'values', (
                    SELECT coalesce(json_object_agg(key,
                        json_build_object('text', text, 'version', version)), '{{}}')
                    FROM {RunState} value WHERE value.run_id = run.id
                ), 'inbox', (
                    SELECT coalesce(json_agg(json_build_array(sender, number, tick)
                        ORDER BY news.id), '[]')
                    FROM {RunInbox} news WHERE news.target_id = run.id
                ))), '[]')::text
            FROM tree JOIN {Run} run ON run.id = tree.id
        )
""")
