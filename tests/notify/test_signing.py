from base64 import b64encode

import pytest

from workflows_app.intake.signatures import (
    BadSignatureError,
    Signed,
    check_standard,
)
from workflows_app.notify.signing import (
    BadSecretError,
    check_secret,
    make_secret,
    sign,
    signed_headers,
)

# The example of the Standard Webhooks test files.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
NOW = 1614265330


def test_the_published_example_has_our_signature() -> None:
    signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(MESSAGE, NOW, BODY, [SECRET]) == signature
    assert signed_headers(MESSAGE, NOW, BODY, [SECRET]) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": signature,
    }


@pytest.mark.parametrize("body", [b"", b"\xff\x00", "é".encode(), b"x" * 100_000])
def test_a_receiver_can_check_what_we_sign(body: bytes) -> None:
    secret = make_secret()
    headers = signed_headers("0198c0de", NOW, body, [secret])
    assert check_standard(headers, body, [secret], NOW) == Signed(
        "0198c0de", is_id_signed=True
    )
    with pytest.raises(BadSignatureError):
        check_standard(headers, body + b" ", [secret], NOW)


def test_while_a_secret_is_exchanged_both_receivers_can_check() -> None:
    old, new = make_secret(), make_secret()
    headers = signed_headers(MESSAGE, NOW, BODY, [new, old])
    for secret in (old, new):
        assert check_standard(headers, BODY, [secret], NOW) == Signed(
            MESSAGE, is_id_signed=True
        )
    with pytest.raises(BadSignatureError):
        check_standard(headers, BODY, [make_secret()], NOW)


def test_new_secrets_are_good_and_differ() -> None:
    assert make_secret() != make_secret()
    check_secret(make_secret())


@pytest.mark.parametrize("size", [24, 64])
def test_the_shortest_and_the_longest_secret_are_taken(size: int) -> None:
    check_secret("whsec_" + b64encode(bytes(size)).decode())


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_???",
        "whsec_é",
        SECRET.removeprefix("whsec_"),
        "whpk_" + SECRET.removeprefix("whsec_"),
        SECRET + "\n",
        "whsec_" + b64encode(bytes(23)).decode(),
        "whsec_" + b64encode(bytes(65)).decode(),
    ],
)
def test_a_bad_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(BadSecretError) as caught:
        check_secret(secret)
    assert str(caught.value) == BadSecretError.__doc__
    with pytest.raises(BadSecretError):
        sign(MESSAGE, NOW, BODY, [SECRET, secret])


@pytest.mark.parametrize("secrets", [[], SECRET])
def test_secrets_are_a_list_that_is_not_empty(secrets: list[str]) -> None:
    with pytest.raises(BadSecretError):
        sign(MESSAGE, NOW, BODY, secrets)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "é", "a\r\nx: y", "x" * 101])
def test_an_id_that_receivers_would_refuse_is_not_sent(message_id: str) -> None:
    with pytest.raises(ValueError, match="id of a message"):
        sign(message_id, NOW, BODY, [SECRET])
