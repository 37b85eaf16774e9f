import json
import random
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows_app.intake.signatures import (
    BadSignatureError,
    Headers,
    Signed,
    check_github,
    check_standard,
    sign_github,
)

DATA = Path("../shared/data")
VECTORS_FILE = DATA / "webhook-signatures" / "vectors.json"
VECTORS = json.loads(VECTORS_FILE.read_bytes()) if VECTORS_FILE.exists() else []
SECRET = "It's a Secret to Everybody"
BODY = b'{"action":"requested","n":1}'
GITHUB = {
    "X-Hub-Signature-256": sign_github(BODY, SECRET),
    "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "X-GitHub-Event": "deployment_protection_rule",
}
# The example of the Standard Webhooks test files.
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW = 1614265330
STANDARD = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(NOW),
    "webhook-signature": STANDARD_SIGNATURE,
}


def github(headers: Headers, body: bytes = BODY, *secrets: str) -> Signed:
    return check_github(headers, body, secrets or [SECRET])


def standard(headers: Headers, body: bytes = STANDARD_BODY, now: int = NOW) -> Signed:
    return check_standard(headers, body, [STANDARD_SECRET], now)


def check_vector(vector: dict[str, Any]) -> Signed:
    body = vector["body"].encode()
    if vector["scheme"] == "github":
        headers = {**vector["headers"], "X-GitHub-Delivery": "1"}
        return check_github(headers, body, [vector["key"]])
    return check_standard(vector["headers"], body, [vector["key"]], vector["now"])


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(vector, id=vector["from"][:60])
        for vector in VECTORS
        if vector["scheme"] in {"github", "standard-webhooks"}
    ],
)
def test_published_examples_are_judged_as_published(vector: dict[str, Any]) -> None:
    if vector["valid"]:
        assert check_vector(vector).delivery_id
    else:
        with pytest.raises(BadSignatureError):
            check_vector(vector)


def test_githubs_own_example_has_our_signature() -> None:
    assert sign_github(b"Hello, World!", SECRET) == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_a_signed_delivery_is_told_with_its_id_and_event() -> None:
    assert github(GITHUB) == Signed(
        GITHUB["X-GitHub-Delivery"], "deployment_protection_rule"
    )
    assert standard(STANDARD) == Signed("msg_p5jXN8AQM9LWM0D4loKWxJek")


def test_headers_come_as_pairs_or_lists_in_any_case() -> None:
    expected = github(GITHUB)
    assert github([(name.lower(), value) for name, value in GITHUB.items()]) == expected
    assert github({name.upper(): [value] for name, value in GITHUB.items()}) == expected
    assert github(pair for pair in GITHUB.items()) == expected


@pytest.mark.parametrize("sender", ["github-webhooks"])
def test_every_real_body_is_proven_with_its_event(sender: str) -> None:
    paths = sorted((DATA / sender).glob("[a-z]*/*.json"))
    if not paths:
        pytest.skip("the shared GitHub messages are not here")
    for path in paths:
        body = path.read_bytes()
        headers = {
            **GITHUB,
            "X-GitHub-Event": path.parent.name,
            "X-Hub-Signature-256": sign_github(body, SECRET),
        }
        assert github(headers, body).event == path.parent.name


def test_the_event_may_be_missing() -> None:
    headers = {name: GITHUB[name] for name in list(GITHUB)[:2]}
    assert github(headers).event is None


@pytest.mark.parametrize("secrets", [["old", SECRET], [SECRET, "new"], ["", SECRET]])
def test_any_active_secret_will_do(secrets: list[str]) -> None:
    assert github(GITHUB, BODY, *secrets) == github(GITHUB)


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_without_a_secret_nothing_is_proven(secrets: list[str]) -> None:
    headers = {**GITHUB, "X-Hub-Signature-256": sign_github(BODY, "")}
    with pytest.raises(BadSignatureError, match="no secret"):
        check_github(headers, BODY, secrets)
    with pytest.raises(BadSignatureError, match="no secret"):
        check_standard(STANDARD, STANDARD_BODY, secrets, NOW)


def test_one_secret_is_not_taken_for_many() -> None:
    with pytest.raises(AssertionError):
        check_github(GITHUB, BODY, SECRET)


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_",
        "whsec_?",
        "whsec_é",
        "whsec_" + b64encode(bytes(23)).decode(),
        "whsec_" + b64encode(bytes(65)).decode(),
        "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
    ],
)
def test_a_secret_of_another_kind_proves_nothing(secret: str) -> None:
    with pytest.raises(BadSignatureError, match="secret") as caught:
        check_standard(STANDARD, STANDARD_BODY, [secret], NOW)
    assert secret not in str(caught.value)


def flip(data: bytes, bit: int) -> bytes:
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def refuse_all_flips(
    check: Callable[[Headers, bytes], Signed], headers: dict[str, str], body: bytes
) -> int:
    """Flip each bit of the body and of the signature header; return how many."""
    name = next(name for name in headers if "ignature" in name)
    signature = headers[name].encode()
    for bit in range(len(body) * 8):
        with pytest.raises(BadSignatureError):
            check(headers, flip(body, bit))
    for bit in range(len(signature) * 8):
        changed = flip(signature, bit).decode("latin-1")
        with pytest.raises(BadSignatureError):
            check({**headers, name: changed}, body)
    return (len(body) + len(signature)) * 8


def test_no_flipped_bit_is_accepted() -> None:
    count = refuse_all_flips(github, GITHUB, BODY)
    count += refuse_all_flips(standard, STANDARD, STANDARD_BODY)
    for bit in range(len(STANDARD["webhook-id"]) * 8):
        changed = flip(STANDARD["webhook-id"].encode(), bit).decode("latin-1")
        with pytest.raises(BadSignatureError):
            standard({**STANDARD, "webhook-id": changed})
    assert count > 1_300


def test_no_random_change_is_accepted() -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable, not secret
    for _ in range(1_000):
        name = chance.choice(list(STANDARD))
        value = list(STANDARD[name])
        value[chance.randrange(len(value))] = chance.choice("\x00 .,=+é\ud8000v1")
        changed = {**STANDARD, name: "".join(value)}
        if changed != STANDARD:
            with pytest.raises(BadSignatureError):
                standard(changed)


SHA = GITHUB["X-Hub-Signature-256"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("X-Hub-Signature-256", []),
        ("X-Hub-Signature-256", [""]),
        ("X-Hub-Signature-256", [SHA, SHA]),
        ("X-Hub-Signature-256", [f"{SHA},{SHA}"]),
        ("X-Hub-Signature-256", [SHA.upper()]),
        ("X-Hub-Signature-256", ["sha256=" + SHA[7:].upper()]),
        ("X-Hub-Signature-256", [SHA[:-1]]),
        ("X-Hub-Signature-256", [SHA + "0"]),
        ("X-Hub-Signature-256", [SHA + "\n"]),
        ("X-Hub-Signature-256", [" " + SHA]),
        ("X-Hub-Signature-256", [SHA[7:]]),
        ("X-Hub-Signature-256", ["sha1=" + SHA[7:47]]),
        ("X-Hub-Signature-256", ["sha256=" + "é" * 64]),
        ("X-Hub-Signature-256", ["sha256=" + "\uff11" * 64]),
        ("X-Hub-Signature-256", ["sha256=" + "\ud800" * 64]),
        ("X-GitHub-Delivery", []),
        ("X-GitHub-Delivery", [""]),
        ("X-GitHub-Delivery", ["1", "1"]),
        ("X-GitHub-Delivery", ["a b"]),
        ("X-GitHub-Delivery", ["a\n"]),
        ("X-GitHub-Delivery", ["a\x00"]),
        ("X-GitHub-Delivery", ["é"]),
        ("X-GitHub-Delivery", ["x" * 101]),
        ("X-GitHub-Event", [""]),
        ("X-GitHub-Event", ["push", "push"]),
        ("X-GitHub-Event", ["Push"]),
        ("X-GitHub-Event", ["x" * 65]),
        ("X-GitHub-Event", ["push\n"]),
    ],
)
def test_an_odd_github_header_is_refused(name: str, values: list[str]) -> None:
    headers: Headers = {**{key: [value] for key, value in GITHUB.items()}, name: values}
    with pytest.raises(BadSignatureError):
        github(headers)


def test_the_same_header_in_two_spellings_is_two_headers() -> None:
    with pytest.raises(BadSignatureError, match="more than once"):
        github([*GITHUB.items(), ("x-hub-signature-256", SHA)])


def test_the_longest_delivery_id_and_event_are_taken() -> None:
    headers = {**GITHUB, "X-GitHub-Delivery": "x" * 100, "X-GitHub-Event": "x" * 64}
    assert github(headers) == Signed("x" * 100, "x" * 64)


V1 = STANDARD_SIGNATURE
OTHER = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("webhook-id", []),
        ("webhook-id", ["a", "a"]),
        ("webhook-id", [""]),
        ("webhook-id", ["msg.1"]),
        ("webhook-id", ["é"]),
        ("webhook-id", ["x" * 101]),
        ("webhook-timestamp", []),
        ("webhook-timestamp", [str(NOW), str(NOW)]),
        ("webhook-timestamp", [f"{NOW}.5"]),
        ("webhook-timestamp", [f"+{NOW}"]),
        ("webhook-timestamp", [f" {NOW}"]),
        ("webhook-timestamp", ["\uff11614265330"]),
        ("webhook-timestamp", ["9" * 5000]),
        ("webhook-timestamp", ["-1"]),
        ("webhook-signature", []),
        ("webhook-signature", [V1, V1]),
        ("webhook-signature", [V1[3:]]),
        ("webhook-signature", ["v1"]),
        ("webhook-signature", ["v1,"]),
        ("webhook-signature", [f"{V1} {V1[3:]}"]),
        ("webhook-signature", [f"v1,{V1}"]),
        ("webhook-signature", [f"{V1}  {V1}"]),
        ("webhook-signature", [f"{V1},{V1}"]),
        ("webhook-signature", [f"{V1} é"]),
        ("webhook-signature", [V1.replace("v1,", "v1a,")]),
        ("webhook-signature", [V1.replace("v1,", "v2,")]),
        ("webhook-signature", [V1.replace("OE=", "OF=")]),
        ("webhook-signature", [V1.rstrip("=")]),
        ("webhook-signature", [OTHER]),
        ("webhook-signature", [" ".join([OTHER] * 16 + [V1])]),
    ],
)
def test_an_odd_standard_header_is_refused(name: str, values: list[str]) -> None:
    headers: Headers = {
        **{key: [value] for key, value in STANDARD.items()},
        name: values,
    }
    with pytest.raises(BadSignatureError):
        standard(headers)


def test_the_right_signature_may_stand_among_others() -> None:
    signatures = " ".join([OTHER, OTHER.replace("v1", "v9"), V1])
    headers = {**STANDARD, "webhook-signature": signatures}
    assert standard(headers) == standard(STANDARD)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_close_enough(seconds: int) -> None:
    assert standard(STANDARD, now=NOW + seconds) == standard(STANDARD)
    with pytest.raises(BadSignatureError, match="too far"):
        standard(STANDARD, now=NOW + seconds + (1 if seconds > 0 else -1))


texts = st.text(st.characters(exclude_categories=[]))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([*GITHUB, *STANDARD]) | texts, texts)),
    st.binary(),
)
def test_nothing_but_a_bad_signature_is_ever_said(
    headers: list[tuple[str, str]], body: bytes
) -> None:
    with pytest.raises(BadSignatureError):
        check_github(headers, body, [SECRET])
    with pytest.raises(BadSignatureError):
        check_standard(headers, body, [STANDARD_SECRET], NOW)
