"""News between runs, as text in an inbox."""

import pytest

from workflows_app.engine.errors import SerializationError
from workflows_app.engine.news import dump_news, load_news
from workflows_app.engine.state import EventRecord, Member, Place
from workflows_app.engine.ticks import (
    Aborted,
    ChildFinished,
    ChildTold,
    News,
    Paused,
    Resumed,
    Started,
)

PLACE = Place(1, 2, 3)


@pytest.mark.parametrize(
    "news",
    [
        Started(
            EventRecord(
                "A", ("Event",), '{"x":"\\u0000é"}', members=(Member(1, 2, 3),)
            ),
            "ada",
            place=PLACE,
            budget=2.5,
        ),
        ChildTold(PLACE, "waiting", "input_requested", '{"a":1}'),
        ChildFinished(PLACE, "completed", result="null"),
        ChildFinished(PLACE, "failed", error={"type": "X", "cause": {"a": [1]}}),
        Paused("olga", "lunch"),
        Resumed(),
        Aborted("parent", ""),
    ],
    ids=lambda news: type(news).__name__,
)
def test_what_is_told_is_what_is_heard(news: News) -> None:
    assert load_news(dump_news(news)) == news


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"kind": "Paused"}',
        '{"kind": "VoteCast", "fields": {}}',
        '{"kind": "os.system", "fields": {}}',
        '{"kind": ["Paused"], "fields": {}}',
        '{"kind": "Paused", "fields": {"actor": 3}}',
        '{"kind": "Paused", "fields": {"colour": "red"}}',
        '{"kind": "ChildTold", "fields": {"status": "waiting"}}',
        "[" * 99_999,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SerializationError, match="no news"):
        load_news(text)
