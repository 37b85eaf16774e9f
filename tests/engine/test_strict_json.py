import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows_app.engine.strict_json import StrictJsonError, load_strict

DATA = Path("../shared/data")
PARSER_FILES = sorted((DATA / "json-parsing").glob("[yni]_*.json"))
needs_data = pytest.mark.skipif(not PARSER_FILES, reason="the shared data is not here")


def refusal(body: bytes | str, **limits: int) -> StrictJsonError:
    with pytest.raises(StrictJsonError) as caught:
        load_strict(body, **limits)
    assert str(caught.value).endswith(".")
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.name) for path in PARSER_FILES if path.name[0] == "y"],
)
def test_what_every_parser_must_take_is_taken(path: Path) -> None:
    assert load_strict(path.read_bytes()) == json.loads(path.read_bytes())


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.name) for path in PARSER_FILES if path.name[0] == "n"],
)
def test_what_every_parser_must_refuse_is_refused(path: Path) -> None:
    refusal(path.read_bytes())


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.name) for path in PARSER_FILES if path.name[0] == "i"],
)
def test_what_parsers_disagree_on_is_refused_or_can_be_stored(path: Path) -> None:
    try:
        value = load_strict(path.read_bytes())
    except StrictJsonError:
        return
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@needs_data
@pytest.mark.parametrize("sender", ["github-webhooks", "slack-payloads"])
def test_every_real_message_is_taken(sender: str) -> None:
    bodies = [path.read_bytes() for path in (DATA / sender).rglob("*.json")]
    assert bodies
    for body in bodies:
        assert load_strict(body) == json.loads(body)


@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b'{"approved":false,"approved":true}', None),
        (b'[{"a":[{"b":1,"c":2,"b":1}]}]', None),
        (rb'{"a":1,"\u0061":1}', None),
        (b"[1,NaN]", None),
        (b"Infinity", None),
        (b"-Infinity", None),
        (b"1e999", None),
        (b"[-1E400]", None),
        (b"1e-309", None),
        (b"1" + b"0" * 400 + b".0", None),
        (b"1e" + b"9" * 5000, None),
        (b"", 0),
        (b" \r\n\t", 0),
        (b"\xef\xbb\xbf{}", 0),
        ("\ufeff{}", 0),
        ("{}".encode("utf-16"), 0),
        ("{}".encode("utf-16-be"), 0),
        ("{}".encode("utf-32-le"), 1),
        (b'["\xff"]', 2),
        (b'["\xed\xa0\x80"]', 2),
        (b'["\xc0\x80"]', 2),
        (rb'["\ud800"]', 2),
        (rb'["\\\uDFFF"]', 4),
        (rb'["\ud800\ud83d\ude00"]', 2),
        (rb'["\ude00\ud83d"]', 2),
        (rb'{"\udc00":1}', 2),
        ('["\ud800"]', 2),
        (b"{} {}", 3),
        (b"[1,]", 3),
        (b'["\x00"]', 2),
        (b"{'a':1}", 1),
        (b'"', 0),
        (b'"\\', None),
    ],
)
def test_dangerous_or_broken_json_is_refused(
    body: bytes | str, position: int | None
) -> None:
    error = refusal(body)
    assert position is None or error.position == position


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'"a\u0000b"', "a\u0000b"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\\ud800"', "\\ud800"),
        (rb'"\"\\\"[[[["', '"\\"[[[['),
        ('"é\ufeff"', "é\ufeff"),
        (b"-0.0", -0.0),
        (b"1e308", 1e308),
        (b"1E-308", 1e-308),
        (b" \t\r\n[ ] ", []),
        (b'{"":{"":{}}}', {"": {"": {}}}),
        (b'{"$type":"bytes","value":"AAAA"}', {"$type": "bytes", "value": "AAAA"}),
    ],
)
def test_unusual_but_legal_json_is_taken(body: bytes | str, value: Any) -> None:
    assert load_strict(body) == value


def objects_of(keys: int) -> str:
    return json.dumps([{str(number): 1 for number in range(keys)}] * 3)


@pytest.mark.parametrize(
    ("body", "beyond"),
    [
        ("[" * 32 + "]" * 32, "[" * 33 + "]" * 33),
        ('{"a":' * 32 + "1" + "}" * 32, '{"a":' * 33 + "1" + "}" * 33),
        ("[[],{}," * 31 + "[]" + "]" * 31, "[[],{}," * 32 + "[]" + "]" * 32),
        ("-" + "1" * 1000, "-" + "1" * 1001),
        ("0." + "1" * 999, "0." + "1" * 1000),
        ('"' + "x" * 1_048_574 + '"', '"' + "x" * 1_048_575 + '"'),
        ('"' + "é" * 524_287 + '"', '"' + "é" * 524_287 + 'x"'),
        (objects_of(2000), objects_of(2001)),
        ("1e+308", "1e+309"),
        ("1e-308", "1e-309"),
    ],
    ids=lambda body: body[:9],
)
def test_the_limit_itself_is_taken_and_one_more_is_refused(
    body: str, beyond: str
) -> None:
    assert load_strict(body) == load_strict(body.encode()) == json.loads(body)
    refusal(beyond)
    refusal(beyond.encode())


def test_limits_are_the_callers() -> None:
    load_strict('{"a":[123]}', max_bytes=11, max_depth=2, max_keys=1, max_digits=3)
    refusal('{"a":[123]}', max_bytes=10)
    assert refusal('{"a":[123]}', max_depth=1).position == 5
    refusal('{"a":1,"b":1}', max_keys=1)
    refusal("1234", max_digits=3)
    refusal("1e9", max_exponent=8)
    refusal("1" * 5000, max_digits=9000)
    refusal("[" * 5000 + "]" * 5000, max_depth=9000)


def hostile() -> Iterator[str]:
    """Bodies of about a megabyte that make careless parsers slow."""
    size = 1_000_000
    yield "[" * size
    yield '{"a":' * (size // 5)
    yield "[" * 33 + '"' + "x" * size
    yield "[" * 32 + "x" * size
    yield "[" * 32 + '"' + '\\"' * (size // 2)
    yield "[" * 32 + '"' * size
    yield "[]" * (size // 2)
    yield "]" * size
    yield "[" + "[]," * (size // 3)
    yield '"' + "\\ud83d\\ude00" * (size // 12) + "\\ud800"
    yield "1" * size
    yield "0." + "1" * size
    yield "1e" + "1" * size
    yield " " * size
    yield "[" + '{"a":1,"a":1},' * (size // 14)


@pytest.mark.parametrize("body", list(hostile()), ids=lambda body: body[30:44])
def test_a_hostile_megabyte_is_refused_in_linear_time(body: str) -> None:
    start = perf_counter()
    refusal(body)
    assert perf_counter() - start < 5.0


def test_the_message_names_a_repeated_key_but_not_the_whole_of_it() -> None:
    assert '"approved" occurs twice' in str(refusal('{"approved":1,"approved":2}'))
    key = "k" * 1000
    assert len(str(refusal(f'{{"{key}":1,"{key}":2}}'))) < 200


def check(body: bytes | str) -> None:
    try:
        value = load_strict(body)
    except StrictJsonError:
        return
    assert value == json.loads(body)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@settings(deadline=None)
@given(st.binary() | st.text(st.characters(exclude_categories=[])))
def test_any_body_is_refused_or_read_as_everybody_reads_it(body: bytes | str) -> None:
    check(body)


PIECES = [*'[]{}:,"\\', "\\u", "d83d", "\\ude00", "1", "-", ".", "e", "9" * 400]
PIECES += ["true", "null", "NaN", " ", "\n", "\x00", "é", '"a":', '"b"']


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_mix_of_tokens_is_refused_or_read_as_everybody_reads_it(body: str) -> None:
    check(body)


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
)


@settings(deadline=None)
@given(documents, st.booleans())
def test_what_python_writes_is_read(value: Any, escape: bool) -> None:
    assert load_strict(json.dumps(value, ensure_ascii=escape)) == value
