"""The door to the terminal: foreign text can do nothing to it; no database."""

import re
from io import StringIO

import pytest
from django.core.management.base import OutputWrapper
from pydantic import BaseModel

from review_app.terminal.screen import Screen, plain, table
from tests.commands.running import TerminalText

ATTACKS = [
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\text\x1b]8;;\x1b\\",
    "\x9b31m",
    "ok\rOK",
    "a\x08b",
    "\u202egnp.exe",
]
ESCAPE = re.compile("\x1b\\[[0-9;]*m")
"""What the terminal's own colours look like."""


def screen(out: StringIO) -> Screen:
    return Screen(OutputWrapper(out), OutputWrapper(StringIO()))


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("kind", [StringIO, TerminalText])
def test_text_of_people_moves_and_hides_nothing(
    text: str, kind: type[StringIO]
) -> None:
    out = kind()
    made = table("A", text)
    made.add_row(plain(text), plain("b"))

    screen(out).say(text)
    screen(out).say(text, "bold", indent=True)
    screen(out).show(made)
    screen(out).line([text, "b"])

    written = ESCAPE.sub("", out.getvalue())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", written)


def test_markup_is_text() -> None:
    out = StringIO()

    screen(out).say("[red]not red[/red] :smile: [link=https://evil.example]")

    assert out.getvalue() == "[red]not red[/red] :smile: [link=https://evil.example]\n"


def test_long_lines_are_not_cut_where_there_is_no_terminal() -> None:
    out, text = StringIO(), "long " * 100

    screen(out).say(text)

    assert out.getvalue() == f"{text}\n"


def test_an_indented_text_keeps_its_lines_in_place() -> None:
    out = StringIO()

    screen(out).say("one\ntwo", indent=True)

    assert out.getvalue() == "  one\n  two\n"


def test_text_from_the_right_is_isolated_line_by_line() -> None:
    assert plain("abc\nאבג").plain == "abc\n\u2068אבג\u2069"


def test_wide_characters_keep_the_columns_in_line() -> None:
    out, made = TerminalText(), table("Name", "Status")
    for name in ("日本語", "abc", "👩‍💻"):
        made.add_row(plain(name), plain("x"))

    screen(out).show(made)

    rows = ESCAPE.sub("", out.getvalue()).splitlines()[1:4]
    assert rows[0].startswith("日本語  x")
    assert rows[1].startswith("abc     x")
    assert rows[2].startswith("👩‍💻      x")


def test_a_row_for_programs_has_one_line_and_no_further_tabs() -> None:
    out = StringIO()

    screen(out).line(["a\tb", "c\nd"])

    assert out.getvalue() == "a b\tc d\n"


def test_json_stays_json_whatever_is_in_it() -> None:
    class Body(BaseModel):
        text: str

    out = StringIO()
    screen(out).tell(Body(text="é \x1b \x9b \u202e"))

    assert out.getvalue().isprintable() or out.getvalue().rstrip("\n").isprintable()
    assert Body.model_validate_json(out.getvalue()).text == "é \x1b \x9b \u202e"
