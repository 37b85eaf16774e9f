"""What is given on a command line, as values; no database."""

from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from review_app.terminal.ending import UNREADABLE, Error
from review_app.terminal.given import read_fields, read_input, read_json, read_tags

SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer"},
        "urgent": {"type": "boolean"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "share": {"$ref": "#/$defs/Share"},
    },
    "$defs": {"Share": {"type": "number"}},
}


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("amount=25", {"amount": 25}),
        ("amount=many", {"amount": "many"}),
        ("urgent=yes", {"urgent": True}),
        ("urgent=false", {"urgent": False}),
        ("note=25", {"note": "25"}),
        ("note=a=b", {"note": "a=b"}),
        ("note=", {"note": ""}),
        ("note:=null", {"note": None}),
        ('tags=["a"]', {"tags": ["a"]}),
        ("share=0.5", {"share": 0.5}),
        ("unknown=1", {"unknown": "1"}),
        ("unknown:=1", {"unknown": 1}),
        ("a:b=c", {"a:b": "c"}),
    ],
)
def test_a_pair_is_read_as_the_workflow_wants_it(pair: str, value: Any) -> None:
    assert read_fields([pair], SCHEMA) == value


@pytest.mark.parametrize("pair", ["amount", "=1", "note:={", "note:=NaN"])
def test_what_is_no_pair_is_told(pair: str) -> None:
    with pytest.raises(Error) as told:
        read_fields([pair], SCHEMA)

    assert told.value.returncode == UNREADABLE


def test_a_field_is_given_once() -> None:
    with pytest.raises(Error, match="note is given twice"):
        read_fields(["note=a", "note=b"], SCHEMA)


def test_pairs_go_before_the_document() -> None:
    document = '{"note": "old", "amount": 1}'

    assert read_input(document, ["note=new"], SCHEMA) == {"note": "new", "amount": 1}


def test_json_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text('{"a": 1}')

    assert read_json(f"@{tmp_path}/input.json", "--input") == {"a": 1}


def test_json_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"[1]")))

    assert read_json("-", "--value") == [1]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("@/no/such/file", "--input|/no/such/file cannot be read: No such file"),
        ("@.", "Is a directory"),
        ('{"a": 1, "a": 2}', '--input: The key "a" occurs twice'),
        ("{", "--input: Malformed JSON at character 2"),
        ("[1]", "--input: the input is a JSON object"),
    ],
)
def test_what_is_wrong_with_a_document_is_told_with_its_place(
    given: str, says: str
) -> None:
    with pytest.raises(Error, match=says) as told:
        read_input(given, [], SCHEMA)

    assert told.value.returncode == UNREADABLE


def test_tags_are_pairs() -> None:
    assert read_tags(["order=7", "plan="]) == {"order": "7", "plan": ""}
    for wrong in (["order"], ["=7"], ["a=1", "a=2"]):
        with pytest.raises(Error, match="write key=value"):
            read_tags(wrong)
