"""What workers tell of themselves, together with the leases of what they run."""

from . import sql

INSERT_WORKER = sql("""
    INSERT INTO {Worker} (id, host, pid, started_at, seen_at, slots, busy, is_draining)
    SELECT %(worker)s, %(host)s, %(pid)s, now, now, 0, 0, false
    FROM clock_timestamp() now
    ON CONFLICT (id) DO NOTHING
""")

# Its leases, its row, and what an operator wants of it. A row that somebody has locked
# is left as it is: whatever happens to a report, leases must be renewed.
RENEW = sql("""
    WITH renewed AS (
        UPDATE {Call} call
        SET lease_until = clock_timestamp() + %(lease)s * interval '1 s'
        FROM unnest(%(executors)s::text[], %(runs)s::uuid[], %(calls)s::int[],
            %(attempts)s::int[]) held(executor, run, number, attempt)
        WHERE call.run_id = held.run AND call.number = held.number
            AND call.attempt = held.attempt AND call.worker = held.executor
        RETURNING call.run_id, call.number, call.attempt
    ), seen AS (
        UPDATE {Worker} SET seen_at = clock_timestamp(), stopped_at = NULL,
            slots = %(slots)s, busy = %(busy)s
        WHERE id IN (
            SELECT id FROM {Worker} WHERE id = %(worker)s FOR NO KEY UPDATE SKIP LOCKED
        )
    )
    SELECT (SELECT is_draining FROM {Worker} WHERE id = %(worker)s), renewed.*
    FROM (SELECT) this LEFT JOIN renewed ON true
""")

STOP_WORKER = sql("""
    UPDATE {Worker} SET stopped_at = clock_timestamp(), slots = 0, busy = 0
    WHERE id = %(worker)s
""")

# Those of a machine that have not said that they stop.
UNSTOPPED = sql("""
    SELECT id, pid FROM {Worker} WHERE host = %(host)s AND stopped_at IS NULL
""")

BURY_WORKERS = sql("""
    UPDATE {Worker} SET stopped_at = seen_at, slots = 0, busy = 0
    WHERE id = ANY(%(workers)s::uuid[])
""")

DROP_WORKERS = sql("""
    DELETE FROM {Worker}
    WHERE seen_at < clock_timestamp() - %(seconds)s * interval '1 s'
""")
