"""Questions to a person at the terminal, one line each, and what he may say instead."""

from collections.abc import Sequence
from dataclasses import dataclass

from review_app.schema_form.rows import Problem
from workflows_app.shown.visible import visible

from .keyboard import Keyboard
from .screen import Screen

EMPTY, EDIT, LEAVE, HELP = "\\x", "\\e", "\\q", "\\?"
HELP_TEXT = f"""\
Enter takes what stands in [brackets].
{EMPTY}  leaves it empty        {EDIT}  opens your editor
{LEAVE}  leaves without answering
A text that begins with one of these: put another \\ before it."""
LONGEST = 60
YES, NO = frozenset({"y", "yes"}), frozenset({"n", "no"})


class LeftError(Exception):
    """Somebody went away without an answer."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose: what it means, what people read, and what they may type."""

    key: str
    label: str
    typed: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [each.casefold() for each in (self.key, self.label, *self.typed)]


class Prompt:
    """Asks until it has something that can be what was asked for."""

    def __init__(self, screen: Screen, keyboard: Keyboard) -> None:
        self.screen = screen
        self._keyboard = keyboard

    def text(self, label: str, now: str) -> str:
        """A text. Raises LeftError, as everything here does."""
        while True:
            typed = self._keyboard.line(f"{visible(label)}{_beside(now)}: ")
            match typed.strip():
                case "":
                    return now
                case said if said == EMPTY:
                    return ""
                case said if said == EDIT:
                    return self._keyboard.edit(now)
                case said if said == LEAVE:
                    raise LeftError
                case said if said == HELP:
                    self.screen.say(HELP_TEXT)
                case _:
                    return typed[1:] if typed.startswith("\\\\") else typed

    def lines(self, label: str, now: str) -> str:
        """Lines, until one is empty; only Enter takes those that are there."""
        first = self.text(label, now)
        if first in (now, "") or "\n" in first:
            return first
        found = [first]
        while line := self.text("  next line, Enter ends", ""):
            found.append(line)
        return "\n".join(found)

    def secret(self, label: str) -> str:
        return self._keyboard.secret(f"{visible(label)} (hidden): ")

    def yes(self, label: str, *, now: bool) -> bool:
        while True:
            said = self.text(label, "yes" if now else "no").strip().casefold()
            if said in YES | NO | {""}:
                return said in YES
            self.objection("Enter yes or no.")

    def one(self, label: str, options: Sequence[Option], now: str) -> str:
        """The key of one of the options; empty for none where that may be."""
        self._offer(options)
        shown = next((each.label for each in options if each.key == now), "")
        while True:
            said = self.text(label, shown)
            if said == shown:
                return now
            if not said:
                return ""
            found = _find(options, said)
            if found is not None:
                return found.key
            self.objection(f"Choose one of 1 to {len(options)}.")

    def several(
        self, label: str, options: Sequence[Option], now: list[str]
    ) -> list[str]:
        """The keys of some of the options."""
        self._offer(options)
        shown = ", ".join(each.label for each in options if each.key in now)
        while True:
            said = self.text(f"{label} (several: 1,3)", shown)
            if said == shown:
                return now
            parts = [part for part in said.split(",") if part.strip()]
            found = [_find(options, part) for part in parts]
            if None not in found:
                return [each.key for each in found if each is not None]
            self.objection(f"Choose some of 1 to {len(options)}.")

    def objection(self, text: str) -> None:
        """What is wrong with what was typed."""
        self.screen.say(f"! {text}", "red")

    def problems(self, problems: Sequence[Problem]) -> None:
        """What the page's error summary would say."""
        for each in problems:
            self.objection(": ".join(filter(None, (each.label, each.message))))

    def _offer(self, options: Sequence[Option]) -> None:
        for number, each in enumerate(options, start=1):
            self.screen.say(f"{number:>4}  {each.label}")


def _find(options: Sequence[Option], said: str) -> Option | None:
    """By its number, by a name, or by the beginning of a name that no other has."""
    said = said.strip().casefold()
    if said.isascii() and said.isdigit() and 0 < int(said) <= len(options):
        return options[int(said) - 1]
    named = [each for each in options if said in each.names]
    begun = [e for e in options if any(name.startswith(said) for name in e.names)]
    found = named or begun
    return found[0] if len(found) == 1 else None


def _beside(now: str) -> str:
    """What Enter takes, on one line."""
    if not now:
        return ""
    line = " ".join(visible(now[: 2 * LONGEST]).split())
    return f" [{line if len(line) <= LONGEST else f'{line[:LONGEST]}…'}]"
