"""The round before this one: what was answered, and what has changed since."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.auth.models import User

from review_app.given_answer import answer_of, labelled
from review_app.json_text import json_text
from workflows_app import access
from workflows_app.engine.display import find_problem
from workflows_app.models import InputRequest
from workflows_app.shown.decisions import label_of

TEXTS = ("text", "markdown")
MOST_CHANGES = 20

Content = Mapping[str, Any]
Shown = dict[str, Any]


def previous_round(user: User, asked: InputRequest) -> dict[str, Any]:
    """The request that this one follows, if this person may see it; else nothing."""
    before = _find_previous(user, asked) if asked.previous else None
    if before is None:
        return {}
    content, response = before.content, before.decision
    changes = list(changes_between(content, asked.content))
    return {
        "asked": before,
        "response": response,
        "outcome_label": label_of(content, response.outcome) if response else "",
        "given": answer_of(content, response.value) if response else [],
        "changes": changes[:MOST_CHANGES],
        "more": max(0, len(changes) - MOST_CHANGES),
    }


def _find_previous(user: User, asked: InputRequest) -> InputRequest | None:
    seen = access.visible_requests(user).prefetch_related("responses__user")
    return seen.filter(root_id=asked.root_id, request_id=asked.previous).first()


def changes_between(before: Content, after: Content) -> Iterator[Shown]:
    """What differs between two rounds, as blocks: texts word by word, fields with `was`."""
    for name, title in (("subject", "Subject"), ("prompt", "Question")):
        if before[name] != after[name]:
            yield _diff(title, before[name], after[name])
    proposed = labelled(after["schema"], after["proposed"], before["proposed"])
    yield from _changed_fields("Proposed", [f for f in proposed if "was" in f])
    yield from _changes_of_blocks(_by_name(before), _by_name(after))


def _by_name(content: Content) -> dict[tuple[str, str, int], Shown]:
    """The blocks by type and title; the second of two alike gets the number 1."""
    named: dict[tuple[str, str, int], Shown] = {}
    for block in content["display"]:
        if not find_problem(block):
            kind, title, number = block["type"], block.get("title", ""), 0
            while (kind, title, number) in named:
                number += 1
            named[kind, title, number] = block
    return named


def _changes_of_blocks(
    before: dict[tuple[str, str, int], Shown], after: dict[tuple[str, str, int], Shown]
) -> Iterator[Shown]:
    for name, block in after.items():
        kind, title, _ = name
        if name not in before:
            yield {"title": title or kind.capitalize(), "is_new": True}
        elif before[name]["value"] != block["value"]:
            yield from _change(kind, title, before[name]["value"], block["value"])
    for kind, title, number in before:
        if (kind, title, number) not in after:
            yield {"title": title or kind.capitalize(), "is_gone": True}


def _change(kind: str, title: str, before: Any, after: Any) -> Iterator[Shown]:
    title = title or kind.capitalize()
    if kind in TEXTS:
        yield _diff(title, before, after)
    elif kind == "diff":
        yield _diff(title, before["after"], after["after"])
    elif kind == "fields":
        yield from _changed_fields(title, _fields_that_differ(before, after))
    else:
        yield _diff(title, json_text(before), json_text(after))


def _fields_that_differ(before: Any, after: Any) -> list[Shown]:
    known, now = _as_mapping(before), _as_mapping(after)
    return [
        {"label": label, "value": now.get(label, ""), "was": known.get(label, "")}
        for label in dict.fromkeys([*now, *known])
        if now.get(label, "") != known.get(label, "")
    ]


def _as_mapping(fields: Any) -> Mapping[str, Any]:
    if isinstance(fields, Mapping):
        return fields
    return {each["label"]: each.get("value") for each in fields}


def _changed_fields(title: str, fields: list[Shown]) -> Iterator[Shown]:
    if fields:
        yield {"type": "fields", "title": title, "value": fields}


def _diff(title: str, before: str, after: str) -> Shown:
    return {
        "type": "diff",
        "title": title,
        "value": {"before": before, "after": after},
    }
