"""What is asked, as text: the same as the page shows, for a terminal or a screen reader."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import User
from rich.text import Text

from review_app.addressees import who_may_answer
from review_app.blocks.chat import in_order
from review_app.blocks.table import cells_of, read_table
from review_app.json_text import json_text
from review_app.templatetags.asked import ago, ahead
from review_app.word_diff import Piece, compare
from workflows_app.engine.display import find_problem
from workflows_app.models import InputRequest
from workflows_app.runtime import claims
from workflows_app.shown.visible import visible

from .screen import Screen, plain, table

LONGEST = 20_000
"""Characters of one part; who wants more finds all of it with --json."""

MOST_ROWS = 200
CHANGED = {"before": ("[-", "-]", "red"), "after": ("{+", "+}", "green")}
"""Around words that differ: a colour alone says nothing to some."""


def show_request(screen: Screen, asked: InputRequest, user: User) -> None:
    """Subject, who may answer and until when, what is asked, and all that is shown."""
    content = asked.content
    screen.say(asked.subject or "(no subject)", "bold")
    screen.say(" · ".join(_facts(asked)))
    screen.say(_who(asked, user))
    if content["prompt"]:
        screen.say()
        _say(screen, content["prompt"])
    for block in content["display"]:
        _show_block(screen, block)
    if content["metadata"]:
        _head(screen, "Details")
        _say(screen, json_text(content["metadata"]))
    _show_comments(screen, asked)
    screen.say()


def _facts(asked: InputRequest) -> list[str]:
    facts = [asked.workflow, f"asked {ago(asked.opened_at)}"]
    if asked.expires_at is not None:
        facts.append(f"due {ahead(asked.expires_at)}")
    held = claims.find_live(asked.pk)
    if held is not None:
        facts.append(f"claimed by {held.owner}")
    return facts


def _who(asked: InputRequest, user: User) -> str:
    started_by = asked.run.started_by
    starter = started_by.get_username() if started_by else None
    return who_may_answer(asked, user.get_username(), starter)


def _show_block(screen: Screen, block: Any) -> None:
    """A block by its type; one that does not fit its type as JSON."""
    is_block = isinstance(block, Mapping) and "value" in block
    kind = "json" if find_problem(block) else block["type"]
    title = block.get("title") if is_block else ""
    _head(screen, title if isinstance(title, str) and title else kind.capitalize())
    SHOWN_BY[kind](screen, block["value"] if is_block else block)


def _head(screen: Screen, title: str) -> None:
    screen.say()
    screen.say(title, "bold underline")


def _say(screen: Screen, text: str) -> None:
    left = len(text) - LONGEST
    screen.say(text[:LONGEST], indent=True)
    if left > 0:
        screen.say(f"… {left:,} characters more: see them with --json.", indent=True)


def _show_json(screen: Screen, value: Any) -> None:
    _say(screen, json_text(value))


def _show_fields(screen: Screen, value: Any) -> None:
    pairs = value.items() if isinstance(value, Mapping) else map(_field, value)
    for label, each in pairs:
        _say(screen, f"{label}: {_told(each)}")


def _field(item: Mapping[str, Any]) -> tuple[str, Any]:
    was = f" (was: {_told(item['was'])})" if "was" in item else ""
    return item["label"], f"{_told(item.get('value'))}{was}"


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


def _show_table(screen: Screen, value: Any) -> None:
    titles, rows = read_table(value)
    made = table(*titles)
    for row in rows[:MOST_ROWS]:
        made.add_row(*map(plain, cells_of(row)))
    screen.show(made)
    if len(rows) > MOST_ROWS:
        _say(screen, f"… {len(rows) - MOST_ROWS:,} rows more: see them with --json.")


def _show_chat(screen: Screen, value: Any) -> None:
    for _, message in in_order(value):
        at = f" ({message['at']})" if message.get("at") else ""
        _say(screen, f"{message['who']}{at}: {message['text']}")


def _show_references(screen: Screen, value: Any) -> None:
    for each in value:
        url = each["url"]
        where = "inside the request" if url.startswith("data:") else url
        _say(screen, f"{each['name']}: {where}" if each.get("name") else where)


def _show_diff(screen: Screen, value: Any) -> None:
    """Both texts in full, with marks around the words that differ."""
    found = compare(value["before"], value["after"])
    for name, pieces in (("before", found.before), ("after", found.after)):
        screen.say(f"{name.capitalize()}:", indent=True)
        text = Text()
        for piece in pieces:
            text.append_text(_piece(piece, name))
        screen.show(screen.indented(text))


def _piece(piece: Piece, side: str) -> Text:
    match piece.kind:
        case "skipped":
            return Text(f" […{piece.length:,} characters…] ", "dim")
        case "changed":
            begin, end, style = CHANGED[side]
            return Text(f"{begin}{visible(piece.text)}{end}", style)
        case _:
            return Text(visible(piece.text))


def _show_comments(screen: Screen, asked: InputRequest) -> None:
    comments = list(asked.comments.select_related("author").order_by("at", "id"))
    if comments:
        _head(screen, "Comments")
    for each in comments:
        _say(screen, f"{each.author or '(gone)'}, {ago(each.at)}: {each.text}")


SHOWN_BY: Mapping[str, Callable[[Screen, Any], None]] = {
    "chat": _show_chat,
    "diff": _show_diff,
    "fields": _show_fields,
    "files": _show_references,
    "json": _show_json,
    "links": _show_references,
    "markdown": _say,
    "table": _show_table,
    "text": _say,
}
"""Every type of block. Markdown stays as it was written: so nothing in it is hidden."""
