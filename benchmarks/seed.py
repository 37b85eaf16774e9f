"""`python -m benchmarks.seed --open 100000 --decided 1000000`: fill a review queue.

It goes into the configured database (`DATABASE_URL`, or the embedded server), beside
what is there, once its tables are up to date. One question is really asked and one
really answered; the others are copies of them, made inside of PostgreSQL, with other
times, groups and deadlines.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

import django
from django.core.management import call_command

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.backends.utils import CursorWrapper
    from django.db.models import Model

    from workflows_app.models import InputRequest

GROUPS = ["finance", "legal", "operations"]
REVIEWERS = 20
BATCH = 100_000
A_RUN = 100
"""Decided requests that share a run: lists look at requests, and runs take room."""

V7 = """(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
    || '7' || substr(md5(random()::text), 1, 3)
    || '8' || substr(md5(random()::text), 1, 15))::uuid"""
"""An id as the application makes them: it begins with its moment."""

NEW = f"""
    CREATE TEMPORARY TABLE new ON COMMIT DROP AS
    SELECT *, at + random() * (now() - at) AS closed_at,
        {V7} AS id, {V7} AS run_id, {V7} AS response_id
    FROM (
        SELECT number, now() - random() * interval '60 days' AS at
        FROM generate_series(%(first)s::int, %(last)s::int) number
    ) moments
"""  # noqa: S608 - our own expression
SHARE_RUNS = f"""
    UPDATE new SET run_id = shared.run_id FROM new shared
    WHERE shared.number = new.number - mod(new.number, {A_RUN})
"""  # noqa: S608 - our own number
COPY = """
    INSERT INTO {table} ({columns}) SELECT {values}
    FROM (SELECT DISTINCT ON ({unique}) * FROM new ORDER BY {unique}) new
    CROSS JOIN (SELECT * FROM {table} WHERE id = %(like)s) like_it
"""

RUN = {"id": "new.run_id", "root_id": "new.run_id", "created_at": "new.at"}
ASKED = {
    "id": "new.id",
    "run_id": "new.run_id",
    "root_id": "new.run_id",
    "request_id": "like_it.request_id || '-' || new.number",
    "subject": """(ARRAY['Refund order', 'Deploy build', 'Publish press note',
        'Pay invoice', 'Open ticket', 'Change price of article'])[1 + mod(number, 6)]
        || ' ' || new.number""",
    "workflow": """(ARRAY['refund-flow', 'release', 'newsroom', 'payments', 'access',
        'prices'])[1 + mod(number, 6)]""",
    "step": "(ARRAY['manager_ok', 'gate', 'legal'])[1 + mod(number, 3)]",
    "priority": "CASE mod(number, 50) WHEN 0 THEN 10 ELSE 0 END",
    "tags": """jsonb_build_object(
        'region', (ARRAY['eu', 'us', 'asia'])[1 + mod(number, 3)])
        || CASE mod(number, 500) WHEN 0 THEN '{"vip": "yes"}' ELSE '{}' END::jsonb""",
    "groups": """CASE WHEN mod(number, 10) < 4
        THEN ARRAY[(%(groups)s::varchar[])[1 + mod(number, 3)]] ELSE '{}' END::varchar[]""",
    "assignees": """CASE mod(number, 10) WHEN 4
        THEN ARRAY[(%(names)s::varchar[])[1 + mod(number / 10, %(people)s)]]
        ELSE '{}' END::varchar[]""",
    "opened_at": "new.at",
    "expires_at": """CASE mod(number, 5) WHEN 0 THEN new.at + interval '61 days'
        WHEN 1 THEN now() + random() * interval '20 days' END""",
}
"""How the copies of a request differ. Nothing happens to them by itself: due_at is empty."""

ANSWERED = {**ASKED, "closed_at": "new.closed_at", "groups": "'{}'::varchar[]"}
"""Everybody who has answered could, and can still see it."""

VOTE = {
    "id": "new.response_id",
    "request_id": "new.id",
    "run_id": "new.run_id",
    "user_id": "(%(ids)s::int[])[1 + mod(number / 10, %(people)s)]",
    "responder": "(%(names)s::varchar[])[1 + mod(number / 10, %(people)s)]",
    "at": "new.closed_at",
    "asked_at": "new.at",
    "workflow": ASKED["workflow"],
}


def main() -> None:
    arguments = _arguments()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    began = monotonic()
    fill(arguments.open, arguments.decided)
    sys.stdout.write(
        f"{arguments.open:,} open and {arguments.decided:,} decided requests "
        f"in {monotonic() - began:.0f} s\n"
    )


def fill(opened: int, decided: int) -> None:
    """Add so many requests, for reviewers who are made if there are too few."""
    from workflows_app.models import InputRequest, InputResponse, Run  # noqa: PLC0415

    people = _reviewers()
    asked, answered = _ask(), _answer(_ask(), people[0])
    for first, last in _batches(decided):
        with _batch(first, last, people) as copies:
            copies.run(SHARE_RUNS)
            copies.make(Run, answered.run_id, RUN, unique="run_id")
            copies.make(InputRequest, answered.pk, ANSWERED)
            copies.make(InputResponse, answered.responses.get().pk, VOTE)
    for first, last in _batches(opened):
        with _batch(first, last, people) as copies:
            copies.make(Run, asked.run_id, RUN, unique="run_id")
            copies.make(InputRequest, asked.pk, ASKED)
    _analyze()


@dataclass(frozen=True)
class Copies:
    """Makes rows for each line of the table `new` in the style of a row that exists."""

    cursor: "CursorWrapper"
    parameters: dict[str, Any]

    def run(self, sql: str, **more: Any) -> None:
        self.cursor.execute(sql, {**self.parameters, **more})

    def make(
        self,
        model: "type[Model]",
        like: Any,
        values: dict[str, str],
        unique: str = "id",
    ) -> None:
        columns = [str(field.column) for field in model._meta.concrete_fields]  # noqa: SLF001
        given = [values.get(column, f"like_it.{column}") for column in columns]
        sql = COPY.format(
            table=model._meta.db_table,  # noqa: SLF001
            columns=", ".join(columns),
            values=", ".join(given),
            unique=unique,
        )
        self.run(sql, like=like)


@contextmanager
def _batch(first: int, last: int, people: "list[User]") -> "Iterator[Copies]":
    from django.db import connection, transaction  # noqa: PLC0415

    parameters = {
        "first": first,
        "last": last,
        "groups": GROUPS,
        "ids": [person.pk for person in people],
        "names": [person.get_username() for person in people],
        "people": len(people),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        copies = Copies(cursor, parameters)
        copies.run(NEW)
        yield copies


def _batches(count: int) -> "Iterator[tuple[int, int]]":
    for first in range(0, count, BATCH):
        yield first, min(first + BATCH, count) - 1


def _reviewers() -> "list[User]":
    """Those who are there, and as many more as make the numbers plausible."""
    from django.contrib.auth.models import Group, User  # noqa: PLC0415

    reviewers, *teams = [
        Group.objects.get_or_create(name=name)[0] for name in ("reviewers", *GROUPS)
    ]
    for number in range(REVIEWERS - reviewers.user_set.count()):
        user, _ = User.objects.get_or_create(username=f"reviewer-{number}")
        user.groups.add(reviewers, teams[number % len(teams)])
    return list(reviewers.user_set.order_by("pk")[:REVIEWERS])


def _ask() -> "InputRequest":
    from workflows_app.engine import InputRequestEvent, Outcome  # noqa: PLC0415
    from workflows_app.engine.emission import as_request  # noqa: PLC0415
    from workflows_app.models import InputRequest  # noqa: PLC0415
    from workflows_app.runtime.external import ask  # noqa: PLC0415

    event = InputRequestEvent(
        "seed",
        "The customer says that the parcel was **empty**. Give the money back?",
        {"order": 1042, "customer": "Mia", "risk": 0.82},
        outcomes=[
            Outcome("approve", style="primary"),
            Outcome("reject", style="danger", needs_reason=True),
        ],
    )
    return InputRequest.objects.get(run_id=ask(as_request(event)))


def _answer(asked: "InputRequest", user: "User") -> "InputRequest":
    from workflows_app.runtime.handler import Answer, Handler  # noqa: PLC0415

    answer = Answer(outcome="approve", user=user, door="browser", undo=0)
    Handler(asked.run_id).respond(asked.request_id, answer)
    asked.refresh_from_db()
    return asked


def _analyze() -> None:
    """So that the next query is planned for the tables as they are now."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seed")
    parser.add_argument("--open", type=int, default=100_000)
    parser.add_argument("--decided", type=int, default=1_000_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
