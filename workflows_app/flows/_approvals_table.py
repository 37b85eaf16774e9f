"""Stands for a table of another system, in which its people set a row to approved."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ._review import ReviewComplete, data_folder

CREATE = """
CREATE TABLE IF NOT EXISTS approvals (
    id TEXT PRIMARY KEY, question TEXT NOT NULL,
    approved INTEGER, reviewer TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT ''
)
"""


class ApprovalsTable:
    """`approvals.sqlite3`, which the flow and the other system both open."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (folder or data_folder()) / "approvals.sqlite3"

    def ask(self, question_id: str, question: str) -> None:
        """Insert the row, unless it is there already."""
        with self._open() as table:
            table.execute(
                "INSERT INTO approvals (id, question) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (question_id, question),
            )

    def find(self, question_id: str) -> ReviewComplete | None:
        """The decision, once the row has one."""
        with self._open() as table:
            row = table.execute(
                "SELECT approved, reviewer, note FROM approvals"
                " WHERE id = ? AND approved IS NOT NULL",
                (question_id,),
            ).fetchone()
        if row is None:
            return None
        return ReviewComplete(approved=bool(row[0]), reviewer=row[1], note=row[2])

    def pending(self) -> dict[str, str]:
        """The questions that nobody has decided, by id."""
        with self._open() as table:
            return dict(
                table.execute(
                    "SELECT id, question FROM approvals WHERE approved IS NULL"
                )
            )

    def decide(self, question_id: str, decision: ReviewComplete) -> None:
        """What the other system's people do. The first decision stands."""
        with self._open() as table:
            table.execute(
                "UPDATE approvals SET approved = ?, reviewer = ?, note = ?"
                " WHERE id = ? AND approved IS NULL",
                (decision.approved, decision.reviewer, decision.note, question_id),
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of one transaction."""
        with closing(sqlite3.connect(self._path, timeout=10)) as table, table:
            table.execute(CREATE)
            yield table
