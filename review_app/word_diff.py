"""What has changed in a text, word by word: bounded, whatever the texts are.

SequenceMatcher is cubic in the worst case, so it never sees more than MOST_TOKENS a side;
its own leaving out of frequent tokens then keeps the worst texts to a fraction of a second.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

MOST_TOKENS = 3_000
"""Lines, or words and the spaces between them, of one side that are compared at once."""

MOST_WORDS = 6_000
"""Words and spaces that are compared in all; later changes are shown line by line."""

LONG = 300
KEPT = 120
"""Of what is the same and longer than LONG, so much is shown before and after it."""

MOST_SHOWN = 10_000
"""Characters of each side that are shown."""

LONGEST = 60_000
"""Characters of a side that are taken apart into words."""

WIDE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Letters of scripts that put no spaces between words: each counts as a word."""

TOKENS = re.compile(rf"[{WIDE}]|[^\W{WIDE}]+|\s+|[^\w\s]")

Kind = Literal["same", "changed", "skipped"]
Change = tuple[bool, str, str]  # whether it is the same, and both texts


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one side; of what is skipped, only the length is known."""

    kind: Kind
    text: str = ""
    length: int = 0


@dataclass(slots=True)
class Comparison:
    """Both sides in pieces; coarse where the texts were too long to go into words."""

    before: list[Piece] = field(default_factory=list)
    after: list[Piece] = field(default_factory=list)
    is_coarse: bool = False


def compare(before: str, after: str) -> Comparison:
    """Compare two texts by their lines, and the lines that differ by their words."""
    differ = _Differ()
    changes = list(_joined(differ.compare_lines(before, after)))
    return Comparison(
        before=list(_shown((same, one) for same, one, _ in changes)),
        after=list(_shown((same, other) for same, _, other in changes)),
        is_coarse=differ.is_coarse,
    )


class _Differ:
    def __init__(self) -> None:
        self.room = MOST_WORDS
        self.is_coarse = False

    def compare_lines(self, before: str, after: str) -> Iterator[Change]:
        """What is the same at both ends needs no matching, however long it is."""
        one, other = before.splitlines(keepends=True), after.splitlines(keepends=True)
        first = _same_at_start(one, other)
        last = _same_at_start(one[first:][::-1], other[first:][::-1])
        yield _same(one[:first])
        yield from self._match_lines(
            one[first : len(one) - last], other[first : len(other) - last]
        )
        yield _same(one[len(one) - last :])

    def _match_lines(self, one: list[str], other: list[str]) -> Iterator[Change]:
        if max(len(one), len(other)) > MOST_TOKENS:
            self.is_coarse = True
            yield False, "".join(one), "".join(other)
            return
        for is_same, left, right in _matched(one, other):
            if is_same:
                yield True, left, right
            else:
                yield from self._compare_words(left, right)

    def _compare_words(self, before: str, after: str) -> Iterator[Change]:
        """Compare by words for as long as there is room."""
        if not before or not after:
            yield False, before, after
            return
        is_long = max(len(before), len(after)) > LONGEST
        one, other = ([], []) if is_long else map(TOKENS.findall, (before, after))
        size = len(one) + len(other)
        if is_long or max(len(one), len(other)) > MOST_TOKENS or size > self.room:
            self.is_coarse = True
            yield False, before, after
        else:
            self.room -= size
            yield from _matched(one, other)


def _same(lines: Sequence[str]) -> Change:
    text = "".join(lines)
    return True, text, text


def _same_at_start(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next(
        (number for number, (a, b) in enumerate(pairs) if a != b),
        min(len(one), len(other)),
    )


def _matched(one: list[str], other: list[str]) -> Iterator[Change]:
    """Match tokens; a match never begins at a space, or every text would be alike."""
    matcher = SequenceMatcher(str.isspace, one, other)
    for tag, a, b, c, d in matcher.get_opcodes():
        yield tag == "equal", "".join(one[a:b]), "".join(other[c:d])


def _joined(changes: Iterator[Change]) -> Iterator[Change]:
    """Join neighbours of a kind; mere spaces between two changes belong to them."""
    kept: list[Change] = []
    for same, before, after in changes:
        if not before and not after:
            continue
        is_gap = same and before.isspace() and "\n" not in before
        if kept and (kept[-1][0] == same or (is_gap and not kept[-1][0])):
            known = kept.pop()
            kept.append((known[0], known[1] + before, known[2] + after))
        else:
            yield from kept
            kept = [(same, before, after)]
    yield from kept


def _shown(parts: Iterator[tuple[bool, str]]) -> Iterator[Piece]:
    """Leave out the middle of what is the same, and all that would be too much."""
    room, left_out = MOST_SHOWN, 0
    for same, text in parts:
        for piece in _pieces(same, text):
            if len(piece.text) <= room and not left_out:
                room -= len(piece.text)
                yield piece
            elif not left_out and piece.text:
                yield Piece(piece.kind, piece.text[:room])
                left_out = len(piece.text) - room
            else:
                left_out += len(piece.text) or piece.length
    if left_out:
        yield Piece("skipped", length=left_out)


def _pieces(same: bool, text: str) -> Iterator[Piece]:
    if not text:
        return
    if not same or len(text) <= LONG:
        yield Piece("same" if same else "changed", text)
        return
    yield Piece("same", text[:KEPT])
    yield Piece("skipped", length=len(text) - 2 * KEPT)
    yield Piece("same", text[-KEPT:])
