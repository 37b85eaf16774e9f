"""Markdown as the text that its readers see, without its marks."""

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

MOST_PARSED = 5_000
"""Characters; a message shows less, and the worst texts take long."""

_PARSER = MarkdownIt("commonmark", {"html": False})
_TEXTS = frozenset({"text", "code_inline", "html_inline"})
_BLOCKS = frozenset({"fence", "code_block", "html_block"})


def text_of(markdown: str) -> str:
    """The text with its paragraphs and items; a longer one as it is, for it is cut anyway."""
    if len(markdown) > MOST_PARSED:
        return markdown
    return "".join(_pieces(_PARSER.parse(markdown))).strip()


def _pieces(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield "".join(_inner(token.children or ()))
        elif token.type in _BLOCKS:
            yield token.content
        elif token.type == "list_item_open":
            yield f"{token.info}{token.markup} " if token.info else "• "
        elif token.type in ("paragraph_close", "heading_close"):
            yield "\n" if token.hidden else "\n\n"


def _inner(tokens: Sequence[Token]) -> Iterator[str]:
    """A link's address follows its text, for a link must not say that it leads elsewhere."""
    address = ""
    for token in tokens:
        if token.type in _TEXTS:
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "link_open":
            address = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            yield f" ({address})"
        elif token.type == "image":
            yield token.content
