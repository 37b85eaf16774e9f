"""CSV for spreadsheets: a cell that would be a formula there stays text."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""How text begins that spreadsheets would compute, in narrow and in wide characters."""


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The rows as CSV, below a line of names. None becomes an empty cell."""
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow(names)
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return written.getvalue()


def neutral(cell: Any) -> Any:
    """A cell that no spreadsheet computes; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell
