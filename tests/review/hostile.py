"""Text that means harm, and what a page must look like that shows it unharmed."""

import json
from pathlib import Path

from tests.review.browser_page import BrowserPage

DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
QUIET_TAGS = {
    *("section", "h3", "h4", "h5", "h6", "div", "p", "pre", "bdi", "span", "dl", "dt"),
    *("dd", "details", "summary", "ul", "ol", "li", "a", "code", "em", "strong", "br"),
    *("hr", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "ins", "del"),
    *("button", "time", "img", "svg", "path"),
}
QUIET_ATTRIBUTES = {
    *(
        "class",
        "dir",
        "hx-disable",
        "open",
        "tabindex",
        "href",
        "rel",
        "title",
        "start",
    ),
    *("id", "type", "hidden", "data-copy-raw", "target", "scope", "role", "aria-label"),
    *("datetime", "src", "alt", "loading"),
    *("aria-hidden", "width", "height", "viewbox", "fill", "stroke", "d"),
    *("stroke-width", "stroke-linecap", "stroke-linejoin", "xmlns"),
}
REL = {"noopener", "noopener noreferrer nofollow"}
"""`noopener` alone is on links to our own pages."""


def attacks() -> list[str]:
    lines = [
        line
        for name in ("xss-a", "xss-polyglots", "open-redirect", "ssrf-urls")
        if (file := DATA / f"attack-strings/{name}.txt").exists()
        for line in file.read_text().splitlines()
    ]
    strings = [
        each["string"]
        for file in sorted((DATA / "naughty-strings").glob("*.json"))
        for each in json.loads(file.read_text())
    ]
    return lines + strings


ATTACKS = attacks()


def assert_inert(page: BrowserPage) -> None:
    """Nothing runs, nothing is fetched, nothing looks like a part of our page."""
    for tag, attributes in page.elements:
        assert tag in QUIET_TAGS
        assert set(attributes) <= QUIET_ATTRIBUTES
        if "href" in attributes:
            assert attributes["rel"] in REL
            assert is_quiet(attributes["href"], attributes["rel"])
        if "src" in attributes:
            assert is_own(attributes["src"]) or attributes["src"].startswith(
                "data:image/"
            )


def is_quiet(address: str, rel: str) -> bool:
    """Our own pages may lead anywhere in the house; text from outside only to the web."""
    if is_own(address):
        return True
    is_web = address.lower().startswith(("http://", "https://", "mailto:"))
    return is_web and rel == "noopener noreferrer nofollow"


def is_own(address: str) -> bool:
    return address.startswith("/") and not address.startswith(("//", "/\\"))
