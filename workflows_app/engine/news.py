"""News between runs as plain JSON: a closed list of kinds, and nothing importable."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from pydantic import TypeAdapter

from .errors import SerializationError
from .ticks import Aborted, ChildFinished, ChildTold, News, Paused, Resumed, Started

_KINDS: Mapping[str, TypeAdapter[News]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (Started, ChildTold, ChildFinished, Paused, Resumed, Aborted)
}


def dump_news(news: News) -> str:
    return json.dumps({"kind": type(news).__name__, "fields": asdict(news)})


def load_news(text: str) -> News:
    """Raises SerializationError naming what is wrong in any other text."""
    try:
        told = json.loads(text)
        fields = json.dumps(told["fields"])
        return _KINDS[told["kind"]].validate_json(fields, strict=True, extra="forbid")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SerializationError(f"These are no news: {error!r:.500}.") from error
