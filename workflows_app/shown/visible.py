"""Characters that hide or turn text around, made visible."""

import re

# Control characters but for tab and line end; marks that turn the direction of text;
# characters without width (joiners stay: emoji and several scripts need them); tags;
# halves of pairs, which no page could be encoded with.
_RANGES = [
    *[(0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x061C, 0x061C)],
    *[(0x180E, 0x180E), (0x200B, 0x200B), (0x200E, 0x200F), (0x2028, 0x202E)],
    *[(0x2060, 0x206F), (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB)],
    (0xE0000, 0xE007F),
]
_CODES = [code for first, last in _RANGES for code in range(first, last + 1)]

HIDDEN = re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in _RANGES) + "]")


def visible(text: str) -> str:
    """Show what cannot be seen: ␀ for a NUL, ⟦U+202E⟧ for a turn of direction."""
    return text.replace("\r\n", "\n").translate(_PICTURES) if has_hidden(text) else text


def escaped(json_text: str) -> str:
    """Write the hidden characters of a JSON text as JSON's own escapes."""
    return json_text.translate(_ESCAPES) if has_hidden(json_text) else json_text


def has_hidden(text: str) -> bool:
    return bool(HIDDEN.search(text))


def _picture(code: int) -> str:
    if code < 0x20:  # noqa: PLR2004 - Unicode draws these at U+2400
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟦U+{code:04X}⟧"  # noqa: PLR2004 - DELETE


def _escape(code: int) -> str:
    """Escape a character the way JSON does, as two if it lies high."""
    units = chr(code).encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


_PICTURES = {code: _picture(code) for code in _CODES}
_ESCAPES = {code: _escape(code) for code in _CODES}
