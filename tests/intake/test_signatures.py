"""The proofs of all schemes: published examples, mutations, odd headers."""

import json
import random
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake import signing
from tests.intake.signing import BASE64, BEARER, EXAMPLES, HEX, PUBLIC_KEY, Sent
from workflows_app.intake.signatures import (
    BadSignatureError,
    Headers,
    PlainHeader,
    Signed,
    check_bearer,
    check_github,
    check_hmac,
    check_slack,
    check_standard,
    check_stripe,
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
    headers, body, keys = vector["headers"], vector["body"].encode(), [vector["key"]]
    match vector["scheme"]:
        case "github":
            return check_github({**headers, "X-GitHub-Delivery": "1"}, body, keys)
        case "slack":
            return check_slack(headers, body, keys, vector["now"])
        case "stripe":
            return check_stripe(headers, body, keys, vector["now"])
        case _:
            return check_standard(headers, body, keys, vector["now"])


@pytest.mark.skipif(not VECTORS, reason="the published examples are not here")
def test_published_examples_are_judged_as_published() -> None:
    for vector in VECTORS:
        if vector["valid"]:
            assert isinstance(check_vector(vector), Signed), vector["from"]
        else:
            with pytest.raises(BadSignatureError):
                check_vector(vector)
    assert len({vector["scheme"] for vector in VECTORS}) == 5


def test_githubs_own_example_has_our_signature() -> None:
    assert sign_github(b"Hello, World!", SECRET) == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_a_signed_delivery_is_told_with_its_id_and_event() -> None:
    assert github(GITHUB) == Signed(
        GITHUB["X-GitHub-Delivery"], "deployment_protection_rule"
    )
    assert standard(STANDARD) == Signed(STANDARD["webhook-id"], is_id_signed=True)


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
        "whpk_",
        "whpk_" + b64encode(bytes(31)).decode(),
        "whpk_" + b64encode(bytes(33)).decode(),
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


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_signed_is_proven(name: str) -> None:
    sent = EXAMPLES[name]
    assert isinstance(sent.check(sent.headers, sent.body), Signed)


def test_no_mutation_is_accepted() -> None:
    """Ten thousand, the same on each run; of a bearer's message the body is not signed."""
    chance = random.Random(7)  # noqa: S311 - repeatable, not secret
    for number in range(10_000):
        name = chance.choice(list(EXAMPLES))
        mutate = chance.choice(MUTATIONS if name != "bearer" else MUTATIONS[1:])
        sent = EXAMPLES[name]
        headers, body = mutate(sent, chance)
        if (headers, body) == (list(sent.headers.items()), sent.body):
            continue
        try:
            sent.check(headers, body)
        except BadSignatureError:
            continue
        pytest.fail(f"mutation {number} of {name}: {headers} {body!r}")


Pairs = list[tuple[str, str]]


def _change_body(sent: Sent, chance: random.Random) -> tuple[Pairs, bytes]:
    at, more = chance.randrange(len(sent.body)), chance.randbytes(chance.randint(0, 2))
    body = sent.body[:at] + more + sent.body[at + chance.randint(0, 2) :]
    return list(sent.headers.items()), body


def _change_header(sent: Sent, chance: random.Random) -> tuple[Pairs, bytes]:
    name = _proving(sent, chance)
    value = list(sent.headers[name])
    at = chance.randrange(len(value))
    put = chance.choice(["", "0", "A", "v1", ",", " ", "=", ".", "\x00", "é", "\ud800"])
    value[at : at + chance.randint(0, 2)] = put
    return list({**sent.headers, name: "".join(value)}.items()), sent.body


def _swap_letters(sent: Sent, chance: random.Random) -> tuple[Pairs, bytes]:
    name = _proving(sent, chance)
    return list({**sent.headers, name: sent.headers[name].swapcase()}.items()), b"{}"


def _leave_out(sent: Sent, chance: random.Random) -> tuple[Pairs, bytes]:
    name = _proving(sent, chance)
    return [pair for pair in sent.headers.items() if pair[0] != name], sent.body


def _say_twice(sent: Sent, chance: random.Random) -> tuple[Pairs, bytes]:
    name = _proving(sent, chance)
    pairs = list(sent.headers.items())
    return [*pairs, (name.swapcase(), sent.headers[name])], sent.body


MUTATIONS = [_change_body, _change_header, _swap_letters, _leave_out, _say_twice]
UNSIGNED = {"X-GitHub-Delivery", "X-GitHub-Event", "X-Id"}
"""Headers that may say anything, for nobody signs them."""


def _proving(sent: Sent, chance: random.Random) -> str:
    return chance.choice([name for name in sent.headers if name not in UNSIGNED])


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n != "bearer"])
def test_a_signature_does_for_no_other_body(name: str) -> None:
    sent = EXAMPLES[name]
    with pytest.raises(BadSignatureError, match="No signature fits"):
        sent.check(sent.headers, sent.body + b" ")


def test_stripe_may_sign_with_an_old_and_a_new_secret() -> None:
    body = signing.BODY
    old, new = (signing.sign_hex(b"1." + body, key) for key in ("old", "new"))
    headers = {"Stripe-Signature": f"t=1,v1={old},v1={new}"}
    for key in ("old", "new"):
        assert check_stripe(headers, body, [key], 1) == Signed()
    worthless = {"Stripe-Signature": f"t=1,v0={old}"}
    with pytest.raises(BadSignatureError):
        check_stripe(worthless, body, ["old"], 1)
    with pytest.raises(BadSignatureError):
        check_stripe(headers, body, ["another"], 1)


V0 = "v0=" + "0" * 64


@pytest.mark.parametrize(
    "value",
    [
        "",
        "t=1",
        f"{V0},v1={'0' * 64}",
        f"t=1,{V0}",
        f"t=1,t=1,{V0}",
        f"t=,{V0}",
        f"t=abc,{V0}",
        f"t={'9' * 13},{V0}",
        f"t=1, {V0}",
        f"t=1,,{V0}",
        f"t=1,{V0}" + f",{V0}" * 16,
        f"t=1,v1={'é' * 64}",
    ],
)
def test_an_odd_header_of_stripe_is_refused(value: str) -> None:
    with pytest.raises(BadSignatureError):
        check_stripe({"Stripe-Signature": value}, b"{}", [SECRET], 1)


@pytest.mark.parametrize("scheme", ["slack", "stripe", "standard-key"])
def test_an_old_or_an_early_message_is_refused(scheme: str) -> None:
    for seconds in (-300, 300):
        assert isinstance(check_at(scheme, signing.NOW + seconds), Signed)
    for seconds in (-301, 301):
        with pytest.raises(BadSignatureError, match="too far"):
            check_at(scheme, signing.NOW + seconds)


def check_at(scheme: str, signed_at: int) -> Signed:
    """Check a message that was signed at this time."""
    now = signing.NOW
    if scheme == "slack":
        return check_slack(signing.slack(BODY, signed_at), BODY, [signing.SECRET], now)
    if scheme == "stripe":
        headers = signing.stripe(BODY, signed_at)
        return check_stripe(headers, BODY, [signing.SECRET], now)
    headers = signing.standard_by_key(BODY, signed_at)
    return check_standard(headers, BODY, [PUBLIC_KEY], now)


def test_a_source_may_know_a_secret_and_a_public_key() -> None:
    known = [signing.STANDARD_SECRET, PUBLIC_KEY]
    by_key, by_secret = signing.standard_by_key(BODY), signing.standard(BODY)
    for headers in (by_key, by_secret):
        assert check_standard(headers, BODY, known, signing.NOW).is_id_signed
    both = by_key["webhook-signature"], by_secret["webhook-signature"]
    headers = {**by_key, "webhook-signature": " ".join(both)}
    assert check_standard(headers, BODY, [PUBLIC_KEY], signing.NOW).delivery_id


def test_plain_headers_tell_an_id_if_they_have_one() -> None:
    signed = check_hmac(signing.plain(BODY), BODY, [signing.SECRET], HEX)
    assert signed == Signed("id-1")
    nameless = {"X-Signature": signing.plain(BODY)["X-Signature"]}
    assert check_hmac(nameless, BODY, [signing.SECRET], HEX) == Signed()
    with pytest.raises(BadSignatureError):
        check_hmac({**nameless, "X-Id": "two words"}, BODY, [signing.SECRET], HEX)


def test_a_token_may_have_a_header_of_its_own() -> None:
    where = PlainHeader("X-Gitlab-Token")
    assert check_bearer({"x-gitlab-token": SECRET}, [SECRET], where) == Signed()
    for value in ("", SECRET[:-1], f"{SECRET} ", f"Bearer {SECRET}"):
        with pytest.raises(BadSignatureError):
            check_bearer({"x-gitlab-token": value}, [SECRET], where)


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


NAMES = sorted({name for sent in EXAMPLES.values() for name in sent.headers})


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES) | texts, texts)), st.binary())
def test_nothing_but_a_bad_signature_is_ever_said(
    headers: list[tuple[str, str]], body: bytes
) -> None:
    for sent in EXAMPLES.values():
        with pytest.raises(BadSignatureError):
            sent.check(headers, body)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_no_scheme_proves_anything(secrets: list[str]) -> None:
    body, now = signing.BODY, signing.NOW
    checks: list[Callable[[], Signed]] = [
        lambda: check_slack(signing.slack(body, secret=""), body, secrets, now),
        lambda: check_stripe(signing.stripe(body, secret=""), body, secrets, now),
        lambda: check_hmac(signing.plain(body, ""), body, secrets, HEX),
        lambda: check_hmac(signing.plain_base64(body, ""), body, secrets, BASE64),
        lambda: check_bearer(signing.bearer(SECRET), secrets, BEARER),
    ]
    for check in checks:
        with pytest.raises(BadSignatureError, match="no secret"):
            check()
