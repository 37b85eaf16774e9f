"""Runs that work for others, and what runs tell each other."""

from . import sql

# A child belongs to whom its parent belongs to. Its state begins with its place; the
# news in its inbox starts it.
INSERT_CHILD = sql("""
    INSERT INTO {Run} (id, root_id, parent_id, parent_call, parent_attempt,
        parent_branch, workflow, definition_id, status, paused, state, revision,
        last_number, input, priority, started_by_id, source_id, groups, tags,
        created_at, changed_at)
    SELECT %(id)s, parent.root_id, parent.id, %(call)s, %(attempt)s, %(branch)s,
        definition.name, definition.digest, 'running', false, %(state)s, 0, 0,
        %(input)s, parent.priority, parent.started_by_id, parent.source_id, ARRAY(
            SELECT DISTINCT unnest(parent.groups || %(groups)s::varchar[])
        ), parent.tags, to_timestamp(%(now)s), to_timestamp(%(now)s)
    FROM {Run} parent, {Definition} definition
    WHERE parent.id = %(parent)s AND definition.digest = %(digest)s
    RETURNING id
""")

INSERT_NEWS = sql("""
    INSERT INTO {RunInbox} (target_id, sender, number, tick, created_at)
    VALUES (%(target)s, %(sender)s, %(number)s, %(tick)s, clock_timestamp())
""")

INSERT_NEWS_FOR_CHILD = sql("""
    INSERT INTO {RunInbox} (target_id, sender, number, tick, created_at)
    SELECT id, %(sender)s, %(number)s, %(tick)s, clock_timestamp() FROM {Run}
    WHERE parent_id = %(sender)s AND parent_call = %(call)s
        AND parent_attempt = %(attempt)s AND parent_branch = %(branch)s
    RETURNING target_id
""")

READ_NEWS = sql("""
    SELECT id, tick FROM {RunInbox} WHERE target_id = %(target)s ORDER BY id
""")

DROP_NEWS = sql("DELETE FROM {RunInbox} WHERE id = %(id)s")

# A run and all that work for it, those that began first before the others.
READ_TREE = sql("""
    WITH RECURSIVE tree AS (
        SELECT id FROM {Run} WHERE id = %(run)s
        UNION ALL
        SELECT run.id FROM {Run} run JOIN tree ON run.parent_id = tree.id
    )
    SELECT id FROM tree ORDER BY id
""")
