"""Requests and the votes on them."""

from . import sql

# Whatever opens, moves or closes a request tells with it whether anybody outside wants to
# hear of requests: a look at a table of few rows, and no way to the database of its own.
_IS_HEARD = sql("""EXISTS (
        SELECT FROM {Receiver} WHERE is_active
            AND (channel = 'slack' OR NOT kinds::text[] <@ '{{run.finished}}'))
""").rstrip()

INSERT_REQUEST = sql(
    """
    INSERT INTO {InputRequest} (id, run_id, root_id, request_id, workflow, step, status,
        subject, shown, digest, policy, assignees, groups, priority, tags, previous,
        opened_at, expires_at, due_at)
    VALUES (%(id)s, %(run)s, %(root)s, %(request_id)s, %(workflow)s, %(step)s, 'open',
        %(subject)s, %(shown)s, %(digest)s, %(policy)s, %(assignees)s::text[],
        %(groups)s::text[], %(priority)s, %(tags)s, %(previous)s,
        to_timestamp(%(now)s), to_timestamp(%(expires_at)s), to_timestamp(%(due_at)s))
    ON CONFLICT (root_id, request_id) DO NOTHING
    RETURNING id, request_id, {is_heard}
""",
    is_heard=_IS_HEARD,
)

# Decided, open again, or somebody else's: all that can change of a request. For people
# it is closed while it is decided. No vote decides what is open again.
MOVE_REQUEST = sql(
    """
    WITH moved AS (
        UPDATE {InputRequest} SET
            status = %(status)s, effective_at = to_timestamp(%(effective_at)s),
            closed_at = to_timestamp(%(closed_at)s), due_at = to_timestamp(%(due_at)s),
            policy = %(policy)s, assignees = %(assignees)s::text[],
            groups = %(groups)s::text[]
        WHERE run_id = %(run)s AND request_id = %(request_id)s
        RETURNING id, request_id, status
    ), undecided AS (
        UPDATE {InputResponse} response SET decides = false
        FROM moved
        WHERE moved.status = 'open' AND response.request_id = moved.id
            AND response.decides AND response.withdrawn_at IS NULL
    )
    SELECT id, request_id, {is_heard} FROM moved
""",
    is_heard=_IS_HEARD,
)

CLOSE_REQUESTS = sql(
    """
    UPDATE {InputRequest} request SET
        status = closed.status, closed_at = to_timestamp(%(now)s), due_at = NULL
    FROM unnest(%(request_ids)s::text[], %(statuses)s::text[])
        closed(request_id, status)
    WHERE request.run_id = %(run)s AND request.request_id = closed.request_id
    RETURNING request.id, request.request_id, {is_heard}
""",
    is_heard=_IS_HEARD,
)

INSERT_RESPONSE = sql(
    """
    INSERT INTO {InputResponse} (id, request_id, run_id, user_id, responder_kind,
        responder, door, outcome, answer, reason, idempotency_key, decides, at,
        asked_at, workflow, groups, line)
    SELECT %(id)s, request.id, %(run)s, (
            SELECT id FROM {User}
            WHERE username = %(responder)s AND %(responder_kind)s = 'person'
        ), %(responder_kind)s, %(responder)s, %(door)s, %(outcome)s, %(answer)s,
        %(reason)s, %(key)s, %(decides)s, to_timestamp(%(now)s), request.opened_at,
        request.workflow, request.groups, %(line)s
    FROM {InputRequest} request
    WHERE request.run_id = %(run)s AND request.request_id = %(request_id)s
    RETURNING request_id, {is_heard}
""",
    is_heard=_IS_HEARD,
)

# A vote that was taken back stays on record.
WITHDRAW_RESPONSE = sql(
    """
    UPDATE {InputResponse} response SET withdrawn_at = to_timestamp(%(now)s)
    FROM {InputRequest} request
    WHERE request.run_id = %(run)s AND request.request_id = %(request_id)s
        AND response.request_id = request.id AND response.withdrawn_at IS NULL
        AND response.responder_kind = %(kind)s AND response.responder = %(name)s
    RETURNING request.id, {is_heard}
""",
    is_heard=_IS_HEARD,
)
