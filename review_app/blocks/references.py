"""Files and links: only named, never fetched, unless they are pictures of our own."""

import re
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from review_app.part import Part
from review_app.shown_text import is_address, size_of
from workflows_app.shown.visible import has_hidden, visible

MOST = 100
LONGEST_NAME = 200
LONGEST_URL = 2_000
MARKS_OF_ITEM = 350
"""Bytes of the marks around one file or link."""

LARGEST = 100_000
"""Bytes of a picture inside the request that the page shows."""

OWN = re.compile(r"/(?![/\\])[^\s\\\"'<>]{0,2000}")
EMBEDDED = re.compile(r"data:image/(png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=]+")
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif")
Read = Callable[[Mapping[str, Any], Part], dict[str, Any]]

UNITS = ("bytes", "kB", "MB", "GB", "TB")
STEP = 1000


def draw_files(value: Any, part: Part) -> SafeString:
    """Draw each file with its size; a picture of this site also as a thumbnail."""
    return _draw("review/_files.html", _file, value, part)


def draw_links(value: Any, part: Part) -> SafeString:
    """Draw each link with the host that it leads to."""
    return _draw("review/_links.html", _link, value, part)


def _draw(template: str, read: Read, value: Any, part: Part) -> SafeString:
    """Draw as many as the page has room for."""
    shown = [
        read(each, part)
        for each in takewhile(lambda each: _fits(each, part), value[:MOST])
    ]
    more = len(value) - len(shown)
    context = {"shown": shown, "more": more, "part": part}
    return render_to_string(template, context)


def _fits(item: Mapping[str, Any], part: Part) -> bool:
    """The address is in the link and, as the host or as text, beside it."""
    name, url = item.get("name", ""), item["url"]
    is_inside = url.startswith("data:")
    size = size_of(name[:LONGEST_NAME]) + (
        0 if is_inside else 2 * size_of(url[:LONGEST_URL])
    )
    return part.fits(size + MARKS_OF_ITEM)


def _file(item: Mapping[str, Any], part: Part) -> dict[str, Any]:
    url, kind = item["url"], item.get("type", "")
    facts = _reference(item)
    is_picture = kind.startswith("image/") or _path(url).endswith(PICTURES)
    is_own = bool(OWN.fullmatch(url)) and not has_hidden(url)
    is_inside = len(url) <= LARGEST and bool(EMBEDDED.fullmatch(url))
    if is_own:
        facts["address"] = url
    if (is_own and is_picture) or (is_inside and part.fits(len(url))):
        facts["thumbnail"] = url
    size = item.get("size")
    return {
        **facts,
        "kind": visible(kind[:LONGEST_NAME]),
        "size": "" if size is None else sized(size),
        "is_own": is_own,
    }


def _reference(item: Mapping[str, Any]) -> dict[str, Any]:
    """A name, and where it leads; what is no address of the web leads nowhere."""
    url = item["url"]
    host = host_of(url)
    return {
        "name": visible(item.get("name", "")[:LONGEST_NAME]) or _last_of(url),
        "url": "" if url.startswith("data:") else visible(url[:LONGEST_NAME]),
        "address": url if host else "",
        "host": host,
    }


def _link(item: Mapping[str, Any], part: Part) -> dict[str, Any]:
    """Without a name it is called by its address."""
    facts = _reference(item)
    return facts if item.get("name") else {**facts, "name": facts["url"]}


def host_of(url: str) -> str:
    """The host that a browser would go to, in ASCII; empty for what is no web address."""
    if not is_address(url):
        return ""
    try:
        host = urlsplit(url).hostname or ""
        return host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""


def sized(size: int) -> str:
    """A size as people read it: "1.2 MB"."""
    amount, unit = float(min(size, STEP ** len(UNITS))), 0
    while amount >= STEP and unit < len(UNITS) - 1:
        amount, unit = amount / STEP, unit + 1
    return f"{amount:.0f} {UNITS[unit]}" if unit == 0 else f"{amount:.1f} {UNITS[unit]}"


def _path(url: str) -> str:
    return url.partition("?")[0].partition("#")[0].lower()


def _last_of(url: str) -> str:
    """The last part of a path, for what has no name of its own."""
    if url.startswith("data:"):
        return "(inside this request)"
    last = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return visible(last[:LONGEST_NAME]) or "(no name)"
