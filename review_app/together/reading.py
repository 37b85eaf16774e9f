"""The facts around a request, read with one statement.

By hand, because the page asks for it again whenever something goes on, for each of its
viewers: Django takes longer to write this query than PostgreSQL to answer it.
"""

import json
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection
from pydantic import TypeAdapter

from review_app.models import Presence
from workflows_app.engine.policy import REVIEWERS
from workflows_app.models import (
    AnswerLink,
    Claim,
    Comment,
    InputRequest,
    InputResponse,
    RunEvent,
)

from .facts import Facts
from .names import name_sql
from .presence import THERE

MOST = 200
"""Comments, claims and other rows that are shown; the newest count."""

LOGGED = ["input_delegated", "input_escalated", "input_expired"]
"""What only the run's log tells of a request."""

_FACTS = TypeAdapter(Facts)


def read_facts(asked: InputRequest, reader: User) -> Facts:
    """The facts of a request, for somebody who may see it."""
    parameters: dict[str, Any] = {
        "request": asked.pk,
        "run": asked.run_id,
        "logged": LOGGED,
        "about": f"%{_escaped(json.dumps(asked.request_id))}%",
        "reader": reader.pk,
        "groups": sorted(REVIEWERS.union(asked.groups)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, parameters)
        row = cursor.fetchone()
    newest_first = zip(_PARTS, (json.loads(found) for found in row), strict=True)
    facts = _FACTS.validate_python({name: rows[::-1] for name, rows in newest_first})
    own = [each for each in facts.lines if each.request_id == asked.request_id]
    return replace(facts, lines=own)


def _escaped(text: str) -> str:
    """A text in which nothing stands for something else when it is looked for."""
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return text


_PARTS = {
    "claims": """
        SELECT owner.username AS owner, {owner_name} AS name, claimed_at,
            lease_until, ended_at,
            ended_at IS NULL AND lease_until > statement_timestamp() AS is_live,
            taker.username AS taken_over_by, {taker_name} AS taker, reason
        FROM {Claim} claim
            JOIN {User} owner ON owner.id = claim.owner_id
            LEFT JOIN {User} taker ON taker.id = claim.taken_over_by_id
        WHERE claim.request_id = %(request)s ORDER BY claimed_at DESC, claim.id DESC
    """,
    "votes": """
        SELECT responder_kind AS kind, responder,
            coalesce({voter_name}, responder) AS name, door, outcome, reason, at,
            decides, withdrawn_at
        FROM {InputResponse} vote
            LEFT JOIN {User} voter ON voter.id = vote.user_id
        WHERE vote.request_id = %(request)s ORDER BY at DESC
    """,
    "comments": """
        SELECT said.id, author.username AS author, {author_name} AS name, at, text,
            mentions
        FROM {Comment} said
            LEFT JOIN {User} author ON author.id = said.author_id
        WHERE said.request_id = %(request)s ORDER BY at DESC, said.id DESC
    """,
    "links": """
        SELECT link.id, person, {issuer_name} AS name, issued_at, expires_at,
            needs_sign_in, used_at, revoked_at,
            coalesce(used_at, revoked_at) IS NULL
                AND expires_at > statement_timestamp() AS is_usable
        FROM {AnswerLink} link
            LEFT JOIN {User} issuer ON issuer.id = link.issued_by_id
        WHERE link.request_id = %(request)s ORDER BY issued_at DESC, link.id DESC
    """,
    "presences": """
        SELECT viewer.username AS user, {viewer_name} AS name, state
        FROM {Presence} presence
            JOIN {User} viewer ON viewer.id = presence.user_id
        WHERE presence.request_id = %(request)s AND viewer.id <> %(reader)s AND {is_there}
        ORDER BY viewer.username DESC
    """,
    "lines": """
        SELECT kind, at, actor, body AS content FROM {RunEvent}
        WHERE run_id = %(run)s AND kind = ANY(%(logged)s) AND body LIKE %(about)s
        ORDER BY number DESC
    """,
    "people": """
        SELECT username FROM {User} colleague
        WHERE is_active AND id <> %(reader)s AND EXISTS (
            SELECT FROM {User_groups} member
                JOIN {Group} part ON part.id = member.group_id
            WHERE member.user_id = colleague.id AND part.name = ANY(%(groups)s))
        ORDER BY username DESC
    """,
}

_TABLES = {
    model.__name__: model._meta.db_table  # noqa: SLF001 - Django's documented place
    for model in (
        AnswerLink,
        Claim,
        Comment,
        Group,
        InputResponse,
        Presence,
        RunEvent,
        User,
        User.groups.through,
    )
}
_PEOPLE = ("owner", "taker", "voter", "author", "issuer", "viewer")
_NAMES = {f"{person}_name": name_sql(person) for person in _PEOPLE}

_PART = "(SELECT coalesce(json_agg(part), '[]')::text FROM ({part} LIMIT {most}) part)"
_READ = "SELECT " + ", ".join(
    _PART.format(part=part.format(**_TABLES, **_NAMES, is_there=THERE), most=MOST)
    for part in _PARTS.values()
)
