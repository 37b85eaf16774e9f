"""Questions at the terminal, and what one may say instead of an answer; no database."""

from io import StringIO

import pytest
from django.core.management.base import OutputWrapper

from review_app.terminal.prompt import LeftError, Option, Prompt
from review_app.terminal.screen import Screen
from tests.commands.running import Typist

COLOURS = [Option("r", "Red"), Option("g", "Green"), Option("b", "Blue")]


def asking(*lines: str) -> tuple[Prompt, Typist, StringIO]:
    typist, out = Typist(*lines), StringIO()
    screen = Screen(OutputWrapper(out), OutputWrapper(StringIO()))
    return Prompt(screen, typist), typist, out


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("", "old"),
        ("new", "new"),
        (" new ", " new "),
        ("\\x", ""),
        ("\\\\x", "\\x"),
        ("\\server\\share", "\\server\\share"),
    ],
)
def test_a_text_is_what_was_typed_or_what_stood_there(typed: str, text: str) -> None:
    assert asking(typed)[0].text("Note", "old") == text


def test_what_enter_takes_stands_in_the_prompt_on_one_line_and_harmless() -> None:
    prompt, typist, _ = asking("")

    prompt.text("Note\x1b[2J", "first\nsecond \x1b[31m")

    assert typist.asked == ["Note␛[2J [first second ␛[31m]: "]


def test_the_editor_gets_what_stands_there() -> None:
    typist = Typist("\\e", edit=lambda text: text.upper())
    screen = Screen(OutputWrapper(StringIO()), OutputWrapper(StringIO()))

    assert Prompt(screen, typist).text("Note", "old") == "OLD"


def test_help_is_told_and_the_question_asked_again() -> None:
    prompt, typist, out = asking("\\?", "new")

    assert prompt.text("Note", "old") == "new"
    assert "opens your editor" in out.getvalue()
    assert len(typist.asked) == 2


def test_who_leaves_answers_nothing() -> None:
    with pytest.raises(LeftError):
        asking("\\q")[0].yes("Sure?", now=True)


@pytest.mark.parametrize(
    ("typed", "answer"), [("", True), ("n", False), ("YES", True), ("\\x", False)]
)
def test_yes_and_no(typed: str, answer: bool) -> None:
    assert asking(typed)[0].yes("Sure?", now=True) is answer


def test_another_word_than_yes_or_no_is_asked_again() -> None:
    prompt, typist, out = asking("perhaps", "no")

    assert not prompt.yes("Sure?", now=True)
    assert "Enter yes or no." in out.getvalue()
    assert typist.left == []


@pytest.mark.parametrize(
    ("typed", "key"),
    [("", "g"), ("1", "r"), ("b", "b"), ("blue", "b"), ("bl", "b"), ("\\x", "")],
)
def test_one_of_several_by_number_key_or_label(typed: str, key: str) -> None:
    assert asking(typed)[0].one("Colour", COLOURS, "g") == key


def test_a_number_that_is_not_offered_is_asked_again() -> None:
    prompt, _, out = asking("4", "0", "3")

    assert prompt.one("Colour", COLOURS, "") == "b"
    assert out.getvalue().count("Choose one of 1 to 3.") == 2


@pytest.mark.parametrize(
    ("typed", "keys"),
    [("", ["g"]), ("1,3", ["r", "b"]), ("red, Blue", ["r", "b"]), ("\\x", [])],
)
def test_some_of_several(typed: str, keys: list[str]) -> None:
    assert asking(typed)[0].several("Colours", COLOURS, ["g"]) == keys


def test_lines_end_with_an_empty_one() -> None:
    assert asking("a", "b", "")[0].lines("Names", "") == "a\nb"
    assert asking("")[0].lines("Names", "x\ny") == "x\ny"
