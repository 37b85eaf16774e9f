"""Markdown from outside as HTML that is safe on a page: text, links, tables, code."""

from collections.abc import Sequence
from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from workflows_app.shown.visible import visible

MAX_LENGTH = 20_000  # the worst texts of this length take half a second
HEADINGS_BELOW = 3  # the page itself has h1 to h3
KEPT = 200  # texts as they were drawn: every reader of a request gets the same

TAGS = {
    *("p", "br", "hr", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre"),
    *("code", "em", "strong", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Leave other links as text, above all those that lead to pages of ours."""
        return url.lower().startswith(tuple(f"{scheme}:" for scheme in SCHEMES))


# Images are off: they would tell another site that, and when, somebody reads this.
_PARSER = _Parser("commonmark", {"html": False}).enable("table").disable("image")


@lru_cache(maxsize=KEPT)
def render_markdown(text: str) -> SafeString:
    """Turn Markdown into HTML; what is not on the list of tags stays text or goes."""
    tokens = _PARSER.parse(visible(text))
    _lower_headings(tokens)
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(cleaned)  # noqa: S308 - nh3 has just cleaned it


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Keep the headings of a text below those of the page."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + HEADINGS_BELOW)}"
