"""Secrets in what is shown: by name, by shape, by schema."""

import pytest

from workflows_app.shown.redaction import (
    MASK,
    Redactor,
    is_secret_name,
    masked,
    secret_names,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_password",
        "apiKey",
        "api_key",
        "API-KEY",
        "accessToken",
        "token",
        "Authorization",
        "cookie",
        "client_secret",
        "privateKey",
        "passwd",
    ],
)
def test_a_name_tells_a_secret(name: str) -> None:
    assert is_secret_name(name)
    assert masked({name: "x"}) == {name: MASK}


@pytest.mark.parametrize(
    "name", ["tokens", "author", "key", "secretary", "passenger", "monkey", "order"]
)
def test_other_names_tell_none(name: str) -> None:
    assert not is_secret_name(name)


def test_only_text_is_a_secret_by_its_name() -> None:
    value = {"token": 12, "password": None, "secret": ["a", {"b": "c", "n": 1}]}
    hidden = {"token": 12, "password": None, "secret": [MASK, {"b": MASK, "n": 1}]}
    assert masked(value) == hidden


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + LETTERS,
        "github_pat_" + LETTERS,
        "AKIA" + "A" * 16,
        "xoxb-1234567890-abc",
        "sk_live_" + LETTERS[:16],
        "whsec_" + LETTERS[:16],
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
        "Bearer " + LETTERS[:20],
        "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----",
    ],
)
def test_a_shape_tells_a_secret_in_the_middle_of_a_text(secret: str) -> None:
    hidden = masked({"note": f"It is {secret} now"})["note"]
    assert MASK in hidden
    assert secret[-8:] not in hidden.replace(" now", "")
    assert hidden.startswith("It is ")


def test_a_password_in_an_address_is_hidden_and_the_address_is_not() -> None:
    text = masked("postgres://app:hunter2@db.example/x")
    assert text == f"postgres://{MASK}@db.example/x"


def test_what_a_schema_marks_is_hidden_whatever_it_is() -> None:
    schema = {
        "properties": {
            "pin": {"type": "integer", "writeOnly": True},
            "phrase": {"type": "string", "format": "password"},
            "more": {"properties": {"deep": {"x-secret": True}}},
            "plain": {"type": "string", "writeOnly": False},
        }
    }
    names = secret_names([schema, None, {"anyOf": [{"properties": {"other": True}}]}])
    assert names == {"pin", "phrase", "deep"}
    redactor = Redactor(names)
    assert redactor.mask({"pin": 1234, "plain": "x"}) == {"pin": MASK, "plain": "x"}
    assert redactor.mask({"a": 1}, "deep") == MASK
    assert redactor.count == 2


def test_what_has_no_secrets_stays_as_it_is() -> None:
    value = {"a": [1, 2.5, None, True, "text"], "b": {"c": "d"}}
    assert masked(value) == value


def test_a_long_text_without_secrets_is_read_in_no_time() -> None:
    text = "-----BEGIN " * 20_000 + "://a:" * 20_000 + "eyJ" * 20_000
    assert masked(text) == text
