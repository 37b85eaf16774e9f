"""The typed environment: defaults, values, and one clear line for an odd one."""

import os
import subprocess
import sys

import pytest

from project import env


def test_a_variable_that_is_not_set_or_empty_has_its_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HOLDPOINT_WORD", raising=False)
    assert env.text("HOLDPOINT_WORD", "var") == "var"
    monkeypatch.setenv("HOLDPOINT_WORD", " ")
    assert env.text("HOLDPOINT_WORD", "var") == "var"
    assert env.integer("HOLDPOINT_WORD", 8000) == 8000
    assert env.flag("HOLDPOINT_WORD", default=True)
    assert env.csv("HOLDPOINT_WORD", ["localhost"]) == ["localhost"]


def test_a_number_is_read_with_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDPOINT_PORT", "65535")
    assert env.integer("HOLDPOINT_PORT", 8000, minimum=1, maximum=65535) == 65535
    monkeypatch.setenv("HOLDPOINT_PORT", "-1")
    assert env.integer("HOLDPOINT_PORT", 8000) == -1


@pytest.mark.parametrize("value", ["80a", "0", "65536", "8.5", "٣", "--5", "1_000"])
def test_an_odd_number_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HOLDPOINT_PORT", value)
    with pytest.raises(env.OddValueError) as stop:
        env.integer("HOLDPOINT_PORT", 8000, minimum=1, maximum=65535)
    assert str(stop.value) == (
        f"HOLDPOINT_PORT={value!r} is not understood: "
        "use a whole number from 1 up to 65535"
    )


def test_a_choice_takes_only_the_allowed_words(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = ("demo", "production")
    monkeypatch.setenv("HOLDPOINT_PROFILE", "production")
    assert env.choice("HOLDPOINT_PROFILE", "demo", allowed) == "production"
    monkeypatch.setenv("HOLDPOINT_PROFILE", "prod")
    with pytest.raises(env.OddValueError, match=r"'prod'.*use demo or production"):
        env.choice("HOLDPOINT_PROFILE", "demo", allowed)


@pytest.mark.parametrize(
    ("value", "meaning"), [("1", True), ("Yes", True), ("off", False), ("FALSE", False)]
)
def test_a_flag_has_four_words_for_each_side(
    monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool
) -> None:
    monkeypatch.setenv("HOLDPOINT_DEBUG", value)
    assert env.flag("HOLDPOINT_DEBUG", default=not meaning) is meaning


def test_an_odd_flag_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDPOINT_DEBUG", "maybe")
    with pytest.raises(env.OddValueError, match="1, true, yes, on or 0, false"):
        env.flag("HOLDPOINT_DEBUG", default=False)


def test_words_between_commas_may_have_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example ,")
    assert env.csv("ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_a_program_ends_with_one_line_and_no_traceback() -> None:
    program = "from project import env; env.integer('HOLDPOINT_PORT', 8000)"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        env=os.environ | {"HOLDPOINT_PORT": "x"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "HOLDPOINT_PORT='x' is not understood: use a whole number"
    ]


def test_packages_are_those_that_can_be_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APPS", "json, tests.flows")
    assert env.modules("APPS") == ["json", "tests.flows"]


@pytest.mark.parametrize("odd", ["nope", "no.such.thing", "json.nope", ".."])
def test_a_package_that_is_not_there_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    monkeypatch.setenv("APPS", odd)
    with pytest.raises(env.OddValueError, match="can import"):
        env.modules("APPS")
