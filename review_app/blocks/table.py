"""Rows and columns: the first rows at once, the others folded."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.json_text import scalar_text
from review_app.part import MARKS, Part
from review_app.shown_text import size_of
from workflows_app.shown.visible import visible

SHOWN = 10
"""Rows that are shown at once."""

MOST_COLUMNS = 30
LONGEST_CELL = 500
CUT = "…"


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    is_number: bool


def draw_table(value: Any, part: Part) -> SafeString:
    """Draw rows for as long as the page has room; the rest can be read as JSON."""
    titles, rows = read_table(value)
    shown = list(takewhile(lambda row: _fits(row, part), map(cells_of, rows)))
    columns = [
        Column(visible(title[:LONGEST_CELL]), _is_numeric(rows, place))
        for place, title in enumerate(titles)
    ]
    context = {
        "columns": columns,
        "rows": [list(zip(columns, row, strict=False)) for row in shown],
        "shown": SHOWN,
        "count": f"{len(rows):,}",
        "is_folded": len(shown) > SHOWN,
        "left_out": f"{len(rows) - len(shown):,}" if len(shown) < len(rows) else "",
        "is_cut": any(map(_is_cut, shown)),
        "link": part.whole,
        "part": part,
    }
    return render_to_string("review/_table.html", context)


def _fits(row: list[str], part: Part) -> bool:
    return part.fits(sum(map(size_of, row)) + MARKS // 2 * len(row))


def read_table(value: Any) -> tuple[list[str], list[list[Any]]]:
    """The titles of the columns, and each row in their order."""
    if isinstance(value, Mapping):
        titles = list(value["columns"])[:MOST_COLUMNS]
        return titles, [_in_order(row, titles) for row in value["rows"]]
    titles = list(dict.fromkeys(str(key) for row in value for key in row))
    titles = titles[:MOST_COLUMNS]
    return titles, [_in_order(row, titles) for row in value]


def _in_order(row: Any, titles: list[str]) -> list[Any]:
    if isinstance(row, Mapping):
        return [row.get(title) for title in titles]
    return [*row[: len(titles)], *[None] * (len(titles) - len(row))]


def _is_numeric(rows: list[list[Any]], place: int) -> bool:
    """Whether a column holds numbers, and nothing else but gaps."""
    cells = [row[place] for row in rows if row[place] is not None]
    return bool(cells) and all(map(_is_number, cells))


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)


def cells_of(row: list[Any]) -> list[str]:
    """The cells of a row in few words each."""
    return [_cell(each) for each in row]


def _cell(cell: Any) -> str:
    """A cell in few words; the whole of it is in the JSON."""
    if cell is None:
        return ""
    text = visible(cell) if isinstance(cell, str) else _written(cell)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}{CUT}"


def _is_cut(row: list[str]) -> bool:
    return any(len(cell) > LONGEST_CELL and cell.endswith(CUT) for cell in row)


def _written(cell: Any) -> str:
    try:
        return scalar_text(cell).strip('"')
    except RecursionError:
        return "…"
