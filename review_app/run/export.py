"""A run's log to be taken away: JSON Lines for programs, CSV for spreadsheets."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from review_app.csv_text import csv_text
from workflows_app.models import Run
from workflows_app.shown.redaction import masked
from workflows_app.stream.log import COLUMNS

from .line_filter import Filter

CHUNK = 1_000

Rows = Iterator[dict[str, Any]]


def export(run: Run, asked: Filter, form: str) -> str:
    """All lines that fit, in order, in one of FORMS. Secrets are masked."""
    return _WRITERS[form](_rows(run, asked))


def _rows(run: Run, asked: Filter) -> Rows:
    lines = asked.among(run.pk).order_by("number").values(*COLUMNS)
    for line in lines.iterator(CHUNK):
        yield {**line, "at": _moment(line["at"]), "body": _read(line["body"])}


def _moment(at: datetime) -> str:
    return at.isoformat()


def _read(body: str) -> Any:
    """The body as plain JSON: its tags stay, so that nothing gets lost."""
    return masked(json.loads(body))


def _as_json_lines(rows: Rows) -> str:
    return "".join(f"{_dump(row)}\n" for row in rows)


def _as_csv(rows: Rows) -> str:
    written = ({**row, "body": _dump(row["body"])} for row in rows)
    return csv_text(COLUMNS, [[row[name] for name in COLUMNS] for row in written])


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_WRITERS: Mapping[str, Callable[[Rows], str]] = {
    "jsonl": _as_json_lines,
    "csv": _as_csv,
}
FORMS = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
"""The forms, and the content type of each."""
