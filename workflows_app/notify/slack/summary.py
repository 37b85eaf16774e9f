"""What a request shows, as far as a message has room for it; the rest is named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workflows_app.engine.display import find_problem
from workflows_app.shown.redaction import MASK, Redactor, secret_names

from .markdown_text import text_of
from .texts import NOTHING, Fitted, Part, fit, plain

PROMPT, TEXT, VALUE = 2_000, 1_000, 200
"""Characters of the prompt, of a text, and of one field with its label.

Slack does not say how long all blocks together may be; these stay below 13,000.
"""

MOST_FIELDS, IN_SECTION = 20, 10
MOST_TEXTS = 4
"""The prompt among them."""

FEW = 10
"""A list of so many plain values is shown in a line."""

MOST_BITS = 4_000
"""Python writes no integer of many more digits."""

Block = Mapping[str, Any]
Pair = tuple[str, Any]


@dataclass(slots=True)
class Summary:
    """Blocks for Slack, and the names of what is not, or not wholly, in them."""

    blocks: list[Part] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    fields: int = 0
    texts: int = 0

    def add_text(self, text: str, most: int, name: str) -> None:
        """A text; one too many is only named, and so is the rest of a long one."""
        if not text.strip():
            return
        if self.texts == MOST_TEXTS:
            self.left_out.append(name)
            return
        self.texts += 1
        shown = fit(text, most)
        self.blocks.append({"type": "section", "text": plain(shown.text)})
        if not shown.is_whole:
            self.left_out.append(f"the rest of {name}")

    def add_fields(self, pairs: Sequence[Pair], name: str) -> None:
        """Labels with their values, in two columns."""
        room = MOST_FIELDS - self.fields
        shown = [_field(label, value) for label, value in pairs[:room]]
        self.fields += len(shown)
        for first in range(0, len(shown), IN_SECTION):
            row = [plain(each.text) for each in shown[first : first + IN_SECTION]]
            self.blocks.append({"type": "section", "fields": row})
        if len(pairs) > room or not all(each.is_whole for each in shown):
            self.left_out.append(f"the rest of {name}" if shown else name)


def summarise(content: Mapping[str, Any]) -> Summary:
    """The prompt and the blocks of a request, without its secrets."""
    redactor = Redactor(secret_names([content["schema"]]))
    summary = Summary()
    prompt = redactor.mask_text(content["prompt"])
    summary.add_text(text_of(prompt), PROMPT, "the question")
    for number, block in enumerate(content["display"], start=1):
        _add_block(summary, redactor, block, f"part {number}")
    if content["metadata"]:
        summary.left_out.append("the details")
    return summary


def _add_block(summary: Summary, redactor: Redactor, block: Any, name: str) -> None:
    """One block: texts and fields are shown, all else has no form in Slack."""
    if find_problem(block):
        summary.left_out.append(name)
        return
    block = redactor.mask(block)
    kind, value, title = block["type"], block["value"], block.get("title", "")
    name = f"“{title}”" if title else f"{name} ({kind})"
    heading = f"{title}\n" if title else ""
    if kind == "text":
        summary.add_text(heading + value, TEXT, name)
    elif kind == "markdown":
        summary.add_text(heading + text_of(value), TEXT, name)
    elif kind == "fields":
        summary.add_fields(list(_pairs(value, redactor)), name)
    else:
        summary.left_out.append(name)


def _pairs(value: Any, redactor: Redactor) -> Iterator[Pair]:
    """Labels and values; what is a secret by its label is one, too."""
    if isinstance(value, Mapping):
        yield from value.items()
        return
    for each in value:
        label, known = each["label"], {"value": None, **each}
        for part in ("value", "was"):
            if part in known and redactor.hides(label):
                known[part] = MASK
        yield label, known["value"] if "was" not in known else _Changed(known)


class _Changed(dict[str, Any]):
    """A value, and what it was before."""


def _field(label: str, value: Any) -> Fitted:
    """What has parts of its own is told by their number, and is not whole."""
    both = [value["value"], value["was"]] if isinstance(value, _Changed) else [value]
    text = " (was ".join(map(_one_line, both)) + ")" * (len(both) - 1)
    shown = fit(f"{label}: {text}", VALUE)
    return replace(shown, is_whole=shown.is_whole and not any(map(_is_large, both)))


def _one_line(value: Any) -> str:
    match value:
        case None:
            return NOTHING
        case bool():
            return "Yes" if value else "No"
        case int() if value.bit_length() > MOST_BITS:
            return f"{value:#x}"
        case list() | tuple() | dict() if _is_large(value):
            return f"{len(value)} parts"
        case list() | tuple() | dict():
            return ", ".join(map(_one_line, value)) or "none"
        case _:
            return str(value)


def _is_large(value: Any) -> bool:
    """Whether it is more than a list of a few plain values."""
    if not isinstance(value, list | tuple):
        return isinstance(value, dict) and bool(value)
    return len(value) > FEW or any(isinstance(v, list | tuple | dict) for v in value)
