"""Secrets in what is shown: found by name, by shape, or by schema, and masked.

Only text is ever a secret by its name or its shape: `tokens: 12` is a count. What a
schema marks (`writeOnly`, `format: password`, `x-secret`) is masked whatever it is.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

MASK = "•••"

_WORDS = frozenset(
    [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "apikey",
        "passwort",
    ]
)
_PAIRS = frozenset({("api", "key"), ("private", "key"), ("access", "key")})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[a-z0-9]+")

_SHAPES = re.compile(
    r"\bgh[pousr]_[A-Za-z0-9]{36,}"  # GitHub
    r"|\bgithub_pat_\w{22,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    r"|\bxox[abeprs]-[\w-]{10,}"  # Slack
    r"|\b[rs]k_(?:live|test)_\w{16,}"  # Stripe
    r"|\bwhsec_[\w+/=-]{16,}"  # webhooks
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"  # JSON web tokens
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"
    r"|(?i:\bbearer )[\w.~+/=-]{16,}"
    r"|(?<=://)[^/\s:@]{1,200}:[^/\s@]{1,200}(?=@)"  # a password in an address
)


@dataclass(slots=True)
class Redactor:
    """Masks values; `count` tells how much it has masked so far."""

    names: frozenset[str] = frozenset()
    """What schemas mark as secret, by the names of the fields."""
    count: int = field(default=0)

    def mask(self, value: Any, name: str = "") -> Any:
        """The value without its secrets; the same object if it has none."""
        if name in self.names:
            return self._hidden(value)
        return self._mask(value, is_secret=is_secret_name(name))

    def hides(self, name: str) -> bool:
        """Whether what has this name is a secret."""
        return name in self.names or is_secret_name(name)

    def _mask(self, value: Any, *, is_secret: bool) -> Any:
        match value:
            case dict():
                return {
                    key: self._mask_field(key, part, is_secret)
                    for key, part in value.items()
                }
            case list() | tuple():
                return [self._mask(part, is_secret=is_secret) for part in value]
            case str() | bytes() if is_secret and value:
                return self._hidden(value)
            case str():
                return self.mask_text(value)
            case _:
                return value

    def _mask_field(self, key: Any, part: Any, is_secret: bool) -> Any:
        if key in self.names:
            return self._hidden(part)
        return self._mask(part, is_secret=is_secret or is_secret_name(str(key)))

    def mask_text(self, text: str) -> str:
        """Text in which what looks like a key of a known service is masked."""
        masked, count = _SHAPES.subn(MASK, text)
        self.count += count
        return masked

    def _hidden(self, value: Any) -> Any:
        if value is None:
            return None
        self.count += 1
        return MASK


def masked(value: Any) -> Any:
    """The value without what is a secret by its name or its shape."""
    return Redactor().mask(value)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret: `apiKey`, `db_password`, `Cookie`."""
    words = _WORD.findall(_HUMP.sub("_", name).lower())
    pairs = itertools.pairwise(words)
    return not _WORDS.isdisjoint(words) or not _PAIRS.isdisjoint(pairs)


def secret_names(schemas: Iterable[Any]) -> frozenset[str]:
    """The names of the fields that schemas mark as secret, however deep they are."""
    return frozenset(name for schema in schemas for name in _marked(schema))


def _marked(schema: Any) -> Iterator[str]:
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            fields = part.get("properties")
            if isinstance(fields, dict):
                yield from (name for name, each in fields.items() if _is_secret(each))
            waiting += part.values()


def _is_secret(schema: Any) -> bool:
    return isinstance(schema, dict) and (
        schema.get("writeOnly") is True
        or schema.get("x-secret") is True
        or schema.get("format") == "password"
    )
