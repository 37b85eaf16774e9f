"""CSV that may hold text of anybody."""

import csv
from io import StringIO

import pytest

from review_app.csv_text import csv_text, neutral


def test_rows_come_back_as_they_were_written() -> None:
    text = csv_text(["Subject", "Count"], [['A "quoted", thing\nin two lines', 3]])
    read = list(csv.reader(StringIO(text)))
    assert read == [["Subject", "Count"], ['A "quoted", thing\nin two lines', "3"]]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"],  # noqa: RUF001 - wide ones too
)
def test_what_would_be_a_formula_is_text(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [-1, 2.5, None, "", "a=1", " ok"])
def test_everything_else_stays_as_it_is(cell: object) -> None:
    assert neutral(cell) == cell
