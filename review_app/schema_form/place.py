"""The place of a value in an answer: its path, its name on the page, how it starts."""

import re
from dataclasses import dataclass
from typing import Any, Final, final

from review_app.schema_form.shape import Schema
from workflows_app.shown.visible import visible

Path = tuple[str | int, ...]


@final
class Missing:
    """The value of what is left out, which is not the same as null."""

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()


@dataclass(frozen=True)
class Place:
    """Where a value goes, and what is known about it before anybody answers.

    `is_proposed` tells a start that somebody proposed from a default of the schema.
    `branch` tells fields of the same path apart that belong to different variants.
    """

    path: Path
    schema: Schema
    is_required: bool
    is_nullable: bool
    start: Any = MISSING
    is_proposed: bool = False
    branch: str = ""
    mark: str = ""  # tells a control beside a value from the value itself

    @property
    def name(self) -> str:
        """The name of the field: the path, with odd characters spelt as numbers."""
        spelled = ".".join(map(_spell, self.path)) or "value"
        return spelled + self.branch + self.mark

    @property
    def label(self) -> str:
        title = self.text("title")
        if title:
            return title
        return humanised(visible(str(self.path[-1]))) if self.path else "Answer"

    @property
    def hints(self) -> Schema:
        """What the author wishes for the page, under `x-ui`."""
        hints = self.schema.get("x-ui")
        return hints if isinstance(hints, dict) else {}

    def text(self, keyword: str) -> str:
        value = self.schema.get(keyword)
        return visible(value) if isinstance(value, str) else ""

    def hint(self, name: str) -> str:
        value = self.hints.get(name)
        return visible(value) if isinstance(value, str) else ""

    def when_empty(self) -> Any:
        """Null where leaving the value out would not say that it was taken away."""
        says_something = self.start is not MISSING or self.schema.get("default")
        if self.is_nullable and (self.is_required or says_something):
            return None
        return MISSING

    def when_no_items(self) -> Any:
        """An empty list is a value where a list is asked for, or was given."""
        is_asked = self.is_required and not self.is_nullable
        return [] if is_asked or isinstance(self.start, list) else self.when_empty()


def humanised(key: str) -> str:
    """Make `maxAmount_eur` readable: "Max amount eur"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\-\s]+", " ", key).split()
    if not words:
        return key or "(no name)"
    rest = (word if word.isupper() else word.lower() for word in words[1:])
    return " ".join([words[0][0].upper() + words[0][1:], *rest])


def _spell(step: str | int) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", lambda found: f"~{ord(found[0]):x}~", str(step))
