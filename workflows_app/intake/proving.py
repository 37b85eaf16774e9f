"""Whether a message comes from its source: the check that the source's scheme makes."""

from collections.abc import Callable

from workflows_app.models import Source

from .mapping import NEVER_KEPT
from .signatures import (
    Headers,
    PlainHeader,
    Signed,
    check_bearer,
    check_github,
    check_hmac,
    check_slack,
    check_standard,
    check_stripe,
)

UNSIGNED = {
    Source.Scheme.GITHUB: frozenset({"id", "event"}),
    Source.Scheme.HMAC: frozenset({"id"}),
    Source.Scheme.BEARER: frozenset({"id"}),
}
"""What is told of a delivery, but proven by nobody."""

KEPT_HEADERS = frozenset(
    {
        "content-type",
        "user-agent",
        "x-github-delivery",
        "x-github-event",
        "x-slack-retry-num",
        "x-slack-retry-reason",
    }
)
"""Headers that say what a delivery is about, and hold no secret."""

MOST_KEPT = 1_000
"""Characters of a header that is kept; a longer one is not."""


def prove(
    source: Source, headers: Headers, body: bytes, now: Callable[[], int]
) -> Signed:
    """Raises BadSignatureError for what this source has not sent, or not just now."""
    secrets = source.secrets
    match Source.Scheme(source.scheme):
        case Source.Scheme.GITHUB:
            return check_github(headers, body, secrets)
        case Source.Scheme.STANDARD:
            return check_standard(headers, body, secrets, now())
        case Source.Scheme.SLACK:
            return check_slack(headers, body, secrets, now())
        case Source.Scheme.STRIPE:
            return check_stripe(headers, body, secrets, now())
        case Source.Scheme.HMAC:
            return check_hmac(headers, body, secrets, plain_header(source))
        case Source.Scheme.BEARER:
            return check_bearer(headers, secrets, plain_header(source))


def plain_header(source: Source) -> PlainHeader:
    """Where the proof is. A token that nothing is said of is where RFC 6750 has it."""
    if not source.header:
        return PlainHeader("Authorization", "Bearer ", id_header=source.id_header)
    return PlainHeader(
        source.header,
        source.prefix,
        "base64" if source.encoding == Source.Encoding.BASE64 else "hex",
        source.id_header,
    )


def unsigned_facts(source: Source) -> frozenset[str]:
    return UNSIGNED.get(Source.Scheme(source.scheme), frozenset())


def keep_headers(
    source: Source, pairs: list[tuple[str, str]], wanted: frozenset[str]
) -> dict[str, str]:
    """The headers that a mapping reads, or that say something; never the proof itself."""
    hidden = NEVER_KEPT | {source.header.lower()}
    names = [name for name, _ in pairs]
    return {
        name: value
        for name, value in pairs
        if name in (KEPT_HEADERS | wanted) - hidden
        and names.count(name) == 1
        and value.isprintable()
        and len(value) <= MOST_KEPT
    }
