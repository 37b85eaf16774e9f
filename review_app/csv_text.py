"""CSV for spreadsheets: a cell that would be a formula there stays text."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""How text begins that spreadsheets would compute, in narrow and in wide characters."""


class _Echo:
    """Gives back what is written into it."""

    def write(self, text: str) -> str:
        return text


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The rows as CSV, below a line of names. None becomes an empty cell."""
    return "".join(csv_lines(names, rows))


def csv_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The same line by line, for rows that are still being read."""
    writer = csv.writer(_Echo())
    yield str(writer.writerow(names))
    for row in rows:
        yield str(writer.writerow([neutral(cell) for cell in row]))


def neutral(cell: Any) -> Any:
    """A cell that no spreadsheet computes; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell
