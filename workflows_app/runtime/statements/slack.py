"""The outbox of Slack: one row for each channel that shows a request, due when it changes."""

from workflows_app.models import SlackChannel

from . import sql

KIND = "request.shown"

# A level and not a list of news: a row that waits goes on waiting, one that was sent is due
# again. Whoever sends it at this moment finds that his attempt is not the last any more,
# so the row stays due. Channels that a request comes to later, as when it is escalated,
# get a row of their own; a request that is over is shown to nobody for the first time.
SHOW = sql(
    """
    WITH again AS (
        UPDATE {Message} SET
            attempts = CASE WHEN status = 'pending' THEN attempts + 1 ELSE 0 END,
            status = 'pending', due_at = to_timestamp(%(now)s)
        WHERE request_id = ANY(%(requests)s::uuid[]) AND channel = 'slack'
        RETURNING id
    ), first AS (
        INSERT INTO {Message} (id, channel, run_id, request_id, receiver_id, kind,
            occurrence, body, status, attempts, due_at, last_reply, created_at)
        SELECT gen_random_uuid(), 'slack', %(run)s, request.id, receiver.id, %(kind)s,
            0, '', 'pending', 0, to_timestamp(%(now)s), '', to_timestamp(%(now)s)
        FROM {InputRequest} request
        JOIN {Run} root ON root.id = %(root)s
        JOIN {slack_channel} slack
            ON slack.groups = '{{}}' OR slack.groups && request.groups
        JOIN {Receiver} receiver ON receiver.id = slack.receiver_ptr_id
            AND receiver.is_active AND receiver.channel = 'slack'
            AND (receiver.workflows = '{{}}'
                OR receiver.workflows::text[] && ARRAY[request.workflow, root.workflow]::text[])
        WHERE request.id = ANY(%(requests)s::uuid[]) AND request.status = 'open'
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    SELECT id FROM again UNION ALL SELECT id FROM first
""",
    slack_channel=SlackChannel._meta.db_table,  # noqa: SLF001 - Django's documented place
)
