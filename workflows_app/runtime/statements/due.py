"""What the watch loop looks for: due rows without locks, a bounded number at a time."""

from . import sql

LOST_CALLS = sql("""
    SELECT run_id, number, attempt FROM {Call}
    WHERE lease_until < clock_timestamp()
    ORDER BY lease_until LIMIT 200
""")

DUE_CALLS = sql("""
    SELECT call.run_id, call.number
    FROM {Call} call JOIN {Run} run ON run.id = call.run_id
    WHERE call.not_before <= clock_timestamp() AND NOT run.paused
    ORDER BY call.not_before LIMIT 200
""")

DUE_REQUESTS = sql("""
    SELECT request.run_id, request.request_id
    FROM {InputRequest} request JOIN {Run} run ON run.id = request.run_id
    WHERE request.status IN ('open', 'decided')
        AND request.due_at <= clock_timestamp() AND NOT run.paused
    ORDER BY request.due_at LIMIT 200
""")

LATE_RUNS = sql("""
    SELECT id FROM {Run} WHERE timeout_at <= clock_timestamp()
    ORDER BY timeout_at LIMIT 200
""")

# Who wrote it should have delivered it right after its commit.
OLD_NEWS = sql("""
    SELECT target_id FROM {RunInbox}
    WHERE created_at < clock_timestamp() - %(seconds)s * interval '1 s'
    GROUP BY target_id ORDER BY min(created_at) LIMIT 200
""")

READY_CALLS = sql("""
    SELECT run.id, run.definition_id, run.priority, call.number, call.attempt, call.step
    FROM {Call} call JOIN {Run} run ON run.id = call.run_id
    WHERE call.ready_at < clock_timestamp() - %(seconds)s * interval '1 s'
      AND NOT run.paused
      AND NOT EXISTS (
        SELECT FROM pgqueuer job WHERE job.status IN ('queued', 'picked')
          AND job.dedupe_key = concat_ws(':', run.id, call.number, call.attempt))
    ORDER BY call.ready_at LIMIT 200
""")

DUE_MESSAGES = sql("""
    SELECT id FROM {Message}
    WHERE status = 'pending' AND due_at <= clock_timestamp()
    ORDER BY due_at LIMIT 200
""")

POSTMASTER = """
    SELECT pg_postmaster_start_time(),
        extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8
"""

# Lines that were brought here from another server have numbers of its transactions,
# which this one has not come to yet. They were there before all that happens here.
FORGET_TRANSACTIONS = sql("""
    UPDATE {RunEvent} SET transaction = 0
    WHERE transaction >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
""")
