"""Two texts beside each other, with the words that differ."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.part import Part
from review_app.word_diff import Piece, compare
from workflows_app.shown.visible import visible


def draw_diff(
    value: Any, part: Part, steps: tuple[str, str] = ("before", "after")
) -> SafeString:
    """Draw what has changed; `steps` are where the part has each of the texts."""
    before, after = value["before"], value["after"]
    found = compare(before, after)
    context = {
        "sides": [
            _side("before", found.before, len(before), part.inner(steps[0])),
            _side("after", found.after, len(after), part.inner(steps[1])),
        ],
        "is_coarse": found.is_coarse,
        "is_same": before == after,
    }
    return render_to_string("review/_diff.html", context)


def _side(name: str, pieces: list[Piece], length: int, part: Part) -> dict[str, Any]:
    shown = part.fits(sum(len(piece.text) for piece in pieces))
    is_cut = not shown or any(piece.kind == "skipped" for piece in pieces)
    return {
        "name": name,
        "pieces": [(p.kind, visible(p.text), f"{p.length:,}") for p in pieces if shown],
        "length": f"{length:,}",
        "link": part.whole if is_cut else "",
        "id": part.id,
    }
