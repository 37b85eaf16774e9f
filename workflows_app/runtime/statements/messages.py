"""The outbox: one message for each receiver, and each person, who is to be told."""

from . import sql

# A receiver hears of its workflows, whether they work for themselves or for another
# run; that of a token, of what was started and asked with it.
TELL_RECEIVERS = sql("""
    INSERT INTO {Message} (id, channel, run_id, request_id, receiver_id, kind,
        occurrence, body, status, attempts, due_at, last_reply, created_at)
    SELECT gen_random_uuid(), receiver.channel, %(run)s, told.request, receiver.id,
        told.kind, told.occurrence, told.body, 'pending', 0, to_timestamp(%(now)s), '',
        to_timestamp(%(now)s)
    FROM unnest(%(kinds)s::text[], %(wishes)s::text[], %(requests)s::uuid[],
        %(occurrences)s::bigint[], %(bodies)s::text[])
        told(kind, wish, request, occurrence, body)
    JOIN {Run} root ON root.id = %(root)s
    JOIN {Receiver} receiver ON receiver.is_active AND told.wish = ANY(receiver.kinds)
        AND (receiver.workflows = '{{}}'
            OR receiver.workflows::text[] && ARRAY[%(workflow)s, root.workflow]::text[])
        AND (receiver.token_id IS NULL OR receiver.token_id = root.token_id)
    ON CONFLICT DO NOTHING
    RETURNING id
""")

# Whoever has an address, is asked, and does not mind. `by_name` are asked by name.
TELL_PEOPLE = sql("""
    INSERT INTO {Message} (id, channel, run_id, request_id, person_id, kind, occurrence,
        body, status, attempts, due_at, last_reply, created_at)
    SELECT gen_random_uuid(), 'mail', run.id, %(request)s, person.id, %(kind)s,
        %(occurrence)s, '', 'pending', 0, to_timestamp(%(now)s), '',
        to_timestamp(%(now)s)
    FROM {Run} run
    JOIN {User} person ON person.is_active AND person.email <> ''
    LEFT JOIN {MailWish} wish ON wish.user_id = person.id
    WHERE run.id = %(run)s
        AND (NOT %(but_starter)s OR person.id IS DISTINCT FROM run.started_by_id)
        AND CASE coalesce(wish.told_when, 'asked')
            WHEN 'never' THEN false
            WHEN 'named' THEN person.username = ANY(%(by_name)s::text[])
            ELSE person.username = ANY(%(by_name)s::text[]) OR EXISTS (
                SELECT FROM {User_groups} membership
                JOIN {Group} circle ON circle.id = membership.group_id
                WHERE membership.user_id = person.id
                    AND circle.name = ANY(%(groups)s::text[]))
        END
    ON CONFLICT DO NOTHING
    RETURNING id
""")
