import json
import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows_app.engine.errors import SerializationError
from workflows_app.engine.strict_json import load_strict
from workflows_app.engine.values import MAX_DEPTH, dump, load, register_codec

NAUGHTY = Path("../shared/data/naughty-strings/strings.json")
PARIS = ZoneInfo("Europe/Paris")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
keys = st.text(max_size=5) | st.just("$type")
plain = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=8
)
hashables = st.recursive(
    scalars
    | st.binary()
    | st.datetimes(timezones=st.sampled_from([None, UTC, PARIS]))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.uuids(),
    lambda inner: st.frozensets(inner, max_size=3),
    max_leaves=3,
)
values = st.recursive(
    hashables | st.sets(hashables, max_size=3),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=8,
)


def check_round_trip(value: Any) -> None:
    """The second text shows what `==` does not: the sign of zero, 1 and True, folds."""
    text = dump(value)
    again = load(text)
    assert type(again) is type(value)
    assert again == value
    assert dump(again) == text
    text.encode()


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str


class Colour(IntEnum):
    RED = 1


register_codec(
    "test.money",
    Money,
    lambda money: {"amount": money.amount, "currency": money.currency},
    lambda stored: Money(**stored),
)


@pytest.mark.parametrize(
    "value",
    [
        2**70,
        -(10**5000),
        -0.0,
        5e-324,
        "a\u0000b",
        "\U0001f600 \u2028",
        {"z": 1, "a": [None, True, {}]},
        b"\x00\xff",
        datetime(2026, 3, 1, 12, 30, 15, 123456),  # noqa: DTZ001 - naive on purpose
        datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        datetime(1900, 1, 1, tzinfo=timezone(timedelta(seconds=-1172))),
        date(2026, 3, 1),
        time(23, 59, 59, 1),
        time(12, tzinfo=PARIS),
        timedelta.min,
        timedelta(microseconds=-1),
        Decimal("-0.10"),
        Decimal("1E+5000"),
        UUID(int=7),
        set(),
        {1, "1", (1, (2, b"x")), frozenset({None, 2.5})},
        frozenset({date(2026, 1, 1)}),
        Money(Decimal("12.50"), "EUR"),
        {"deep": [{"price": Money(Decimal(1), "EUR"), "at": {b"1", UUID(int=1)}}]},
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    check_round_trip(value)


@settings(deadline=None)
@given(values)
def test_any_value_comes_back_as_it_was(value: Any) -> None:
    check_round_trip(value)


@settings(deadline=None)
@given(plain)
def test_the_text_of_plain_json_without_tags_is_plain_json(value: Any) -> None:
    text = dump(value)
    if '"$type"' not in text:
        assert text == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_the_sign_of_zero_and_the_order_of_keys_survive() -> None:
    assert math.copysign(1, load(dump(-0.0))) == -1
    assert list(load(dump({"z": 1, "a": b"2", "m": 3}))) == ["z", "a", "m"]


def test_true_is_not_one() -> None:
    assert load(dump([True, 1, 1.0])) == [True, 1, 1.0]
    assert [type(item) for item in load(dump([True, 1, 1.0]))] == [bool, int, float]


@pytest.mark.parametrize("value", [(1, (2, 3)), {"a": (1, b"x")}])
def test_a_tuple_is_stored_as_a_list(value: Any) -> None:
    assert "tuple" not in dump(value)
    assert load(dump((1, (2, 3)))) == [1, [2, 3]]


def test_equal_sets_have_equal_texts() -> None:
    words = [f"word {number}" for number in range(50)]
    assert dump({*words}) == dump({*words[::-1]})


def test_an_hour_that_comes_twice_keeps_its_place() -> None:
    for fold in (0, 1):
        value = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=fold)
        again = load(dump(value))
        assert (again.tzinfo, again.fold) == (PARIS, fold)
        assert again.utcoffset() == value.utcoffset()


@pytest.mark.parametrize(
    "value",
    [
        {"$type": "bytes", "value": "AAAA"},
        {"$type": "dict", "value": [["a", 1]]},
        {"$type": 5},
        {"$type": None, "value": {"$type": "set", "value": []}},
        {"a": [{"$type": "no such type"}]},
        {"value": "$type"},
        "$type",
        ["$type"],
        {'"$type"': {'\\"$type\\"': 1}},
    ],
)
def test_a_dict_that_looks_like_a_tag_comes_back_as_that_dict(value: Any) -> None:
    assert load(dump(value)) == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"$type":"bytes","value":"AAAA"}',
        rb'{"\u0024type":"datetime","value":"2026-01-01"}',
        b'{"__pickled__":"gASV","py/object":"os.system","@class":"x","lc":2}',
        b'{"__reduce__":["os.system",["true"]],"x":"!!python/object:os.system"}',
        b'{"__blazen_pickled__":"gASV","value":{"$type":"uuid","value":5}}',
    ],
)
def test_what_comes_from_outside_is_never_read_as_a_tag(body: bytes) -> None:
    value = load_strict(body)
    assert load(dump(value)) == value == json.loads(body)


def test_every_naughty_string_comes_back() -> None:
    if not NAUGHTY.exists():
        pytest.skip("the shared list of naughty strings is not here")
    strings = [entry["string"] for entry in json.loads(NAUGHTY.read_bytes())]
    value = {"list": strings, "keys": dict.fromkeys(strings, 1)}
    assert load(dump(value)) == value
    assert load(dump([value, b""])) == [value, b""]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"items": [0, 1, 2, {"price": math.nan}]}, "$.items[3].price"),
        (math.inf, "$"),
        ([-math.inf], "$[0]"),
        ({"a": Decimal("NaN")}, "$.a"),
        ({"a": object()}, "$.a"),
        ({"a": {1: 2}}, "$.a"),
        ({(1, 2): 2}, "$"),
        ({10**5000: 2}, "$"),
        ({None: 2}, "$"),
        (["\ud800"], "$[0]"),
        ({"a b": "\udfff"}, '$["a b"]'),
        ({"\ud800": 1}, '$["\\ud800"]'),
        ({"s": {frozenset({"\ud800"})}}, "$.s[][]"),
        ({"s": {(1, math.inf)}}, "$.s[][]"),
        ([bytearray(b"x")], "$[0]"),
        ([OrderedDict(a=1)], "$[0]"),
        ([Colour.RED], "$[0]"),
        ([Money], "$[0]"),
        ([Money(Decimal("NaN"), "EUR")], "$[0].amount"),
        ([json], "$[0]"),
        ([lambda: None], "$[0]"),
    ],
)
def test_what_cannot_be_stored_exactly_is_refused_with_its_place(
    value: Any, path: str
) -> None:
    with pytest.raises(SerializationError) as caught:
        dump(value)
    assert caught.value.path == path
    assert path in str(caught.value)
    assert isinstance(caught.value, TypeError)


def test_the_path_starts_where_the_caller_says() -> None:
    with pytest.raises(
        SerializationError, match=r"at \$\.order\.price is nan"
    ) as caught:
        dump({"price": math.nan}, "$.order")
    assert caught.value.path == "$.order.price"


def nested(depth: int, leaf: Any = 1) -> Any:
    value = leaf
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("leaf", [1, "$type", "é"])
def test_the_hundredth_level_is_stored_and_the_next_is_refused(leaf: Any) -> None:
    assert load(dump(nested(MAX_DEPTH, leaf))) == nested(MAX_DEPTH, leaf)
    with pytest.raises(SerializationError, match="deeper than 100 levels"):
        dump(nested(MAX_DEPTH + 1, leaf))


def test_a_hundred_levels_of_tags_come_back() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = {"$type": value}
    assert load(dump(value)) == value
    chain: Any = 1
    for _ in range(MAX_DEPTH):
        chain = frozenset({chain})
    assert load(dump(chain)) == chain


@pytest.mark.parametrize("make", [nested, lambda depth: nested(depth, b"")])
def test_enormous_depth_is_refused_without_recursion(make: Any) -> None:
    with pytest.raises(SerializationError, match="deeper than 100 levels"):
        dump(make(50_000))


def test_a_circle_is_refused() -> None:
    family: dict[str, Any] = {"children": [{}, {}, {}]}
    for child in family["children"]:
        child["parents"] = [family, family]
    with pytest.raises(SerializationError, match="deeper than 100 levels"):
        dump(family)
    family["at"] = b""
    with pytest.raises(SerializationError, match="deeper than 100 levels"):
        dump(family)


def test_loaded_values_are_fresh() -> None:
    text = dump({"items": [1]})
    load(text)["items"].append(2)
    assert load(text) == {"items": [1]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "[1] 2",
        "1" * 5000,
        "[" * 100_000,
        '{"$type":"os.system","value":"true"}',
        '{"$type":{},"value":1}',
        '{"$type":"bytes"}',
        '{"$type":"bytes","value":"AAAA","more":1}',
        '{"$type":"bytes","value":"?"}',
        '{"$type":"bytes","value":7}',
        '{"$type":"uuid","value":"7"}',
        '{"$type":"decimal","value":"seven"}',
        '{"$type":"datetime","value":"[x]"}',
        '{"$type":"datetime","value":"2026-01-01T00:00:00[../../etc/passwd]"}',
        '{"$type":"datetime","value":"2026-01-01T00:00:00[No/Zone]"}',
        '{"$type":"timedelta","value":[1e300,0,0]}',
        '{"$type":"timedelta","value":["1"]}',
        '{"$type":"set","value":[[1]]}',
        '{"$type":"set","value":"abc"}',
        '{"$type":"dict","value":[[1,2]]}',
        '{"$type":"dict","value":[[]]}',
        '{"$type":"dict","value":[["a",1,2]]}',
        '{"$type":"int","value":"x"}',
        '{"$type":"test.money","value":7}',
        '{"\\u0024type":"uuid","value":"7"}',
    ],
)
def test_a_text_that_dump_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(SerializationError):
        load(text)


def test_a_name_or_a_class_is_registered_once() -> None:
    with pytest.raises(ValueError, match="taken"):
        register_codec("test.money", Path, str, Path)
    with pytest.raises(ValueError, match="taken"):
        register_codec("test.other", Money, str, Money)  # type: ignore[arg-type]
    for taken in (dict, bytes, bool):
        with pytest.raises(ValueError, match="taken"):
            register_codec("test.other", taken, str, taken)
    with pytest.raises(ValueError, match="taken"):
        register_codec("dict", Path, str, Path)
