"""Callbacks against a real receiver on this machine."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Literal

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db.models import F
from django.db.models.functions import Now

from tests.factories import make_request, make_run
from workflows_app.intake.signatures import check_standard
from workflows_app.models import Message, Receiver
from workflows_app.notify import callbacks, outbox
from workflows_app.notify.outbox import BACK_OFF, Claimed, Fate
from workflows_app.notify.sending import send_message
from workflows_app.notify.signing import make_secret
from workflows_app.runtime.handler import Answer, Handler

pytestmark = pytest.mark.django_db(transaction=True)

Behaviour = int | Literal["hang", "drop", "endless"]


@dataclass
class Receiving:
    """A receiver that does as it is told, and remembers what came."""

    behaviours: list[Behaviour] = field(default_factory=lambda: [200])
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    closing: Event = field(default_factory=Event)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.received]


class _Server(ThreadingHTTPServer):
    receiving: Receiving


class _Handler(BaseHTTPRequestHandler):
    @property
    def receiving(self) -> Receiving:
        assert isinstance(self.server, _Server)
        return self.server.receiving

    def setup(self) -> None:
        self.receiving.connections += 1
        super().setup()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiving.received.append((headers, body))
        told = self.receiving.behaviours
        self._behave(told.pop(0) if len(told) > 1 else told[0])

    def _behave(self, behaviour: Behaviour) -> None:
        if behaviour == "hang":
            self.receiving.closing.wait(20)
        elif behaviour == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif behaviour == "endless":
            self._write_for_ever()
        else:
            self._reply(behaviour)

    def _reply(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Location", "/elsewhere/")
        self.end_headers()
        self.wfile.write(b"so it is")

    def _write_for_ever(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.receiving.closing.is_set():
                self.wfile.write(b"x" * 65_536)
        except OSError:
            self.receiving.closing.set()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiving(settings: LazySettings) -> Iterator[Receiving]:
    """A receiver on this machine, to whom callbacks may go."""
    receiving = Receiving()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.receiving = receiving
        receiving.port = server.server_port
        settings.CALLBACK_HOSTS = [f"127.0.0.1:{receiving.port}"]
        settings.CALLBACK_HTTP = True
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield receiving
        receiving.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def callback(receiving: Receiving) -> Message:
    """A callback that is due."""
    return _callback(f"http://127.0.0.1:{receiving.port}/told/?by=holdpoint")


def _callback(url: str) -> Message:
    receiver = Receiver.objects.create(name="told", url=url, secret=make_secret())
    body = '{"type":"run.completed","result":{"exact":1.10,"word":"schön"}}'
    return Message.objects.create(
        run=make_run(), receiver=receiver, kind="run.completed", body=body
    )


def _again(callback: Message) -> None:
    """Let the pause be over."""
    Message.objects.update(due_at=Now())
    asyncio.run(send_message(callback.pk))
    callback.refresh_from_db()


def _send(callback: Message) -> None:
    asyncio.run(send_message(callback.pk))
    callback.refresh_from_db()


def test_a_callback_arrives_signed_and_exactly_as_stored(
    receiving: Receiving, callback: Message
) -> None:
    _send(callback)
    headers, body = receiving.received[0]
    now = int(headers["webhook-timestamp"])
    secret = Receiver.objects.get().secret
    signed = check_standard(headers, body, [secret], now)
    assert body == callback.body.encode()
    assert signed.delivery_id == callback.idempotency_key
    assert headers["host"] == f"127.0.0.1:{receiving.port}"
    assert headers["content-type"] == "application/json"
    assert callback.status == "delivered"
    assert callback.last_reply == "200: so it is"
    assert (callback.due_at, callback.delivered_at is None) == (None, False)


def test_the_end_of_a_run_is_told_to_its_receiver(receiving: Receiving) -> None:
    Receiver.objects.create(
        name="told",
        url=f"http://127.0.0.1:{receiving.port}/",
        secret=make_secret(),
        workflows=["approval"],
    )
    run = make_run()
    callbacks_of_run = Message.objects.filter(run=run)
    assert not callbacks_of_run.exists()
    Handler(run.pk).abort(actor="olga")
    _send(callbacks_of_run.get())
    told = json.loads(receiving.received[0][1])
    assert told["type"] == "run.aborted"
    assert told["data"]["run_id"] == str(run.pk)


def test_a_request_s_life_is_told_signed_and_each_part_under_an_id_of_its_own(
    receiving: Receiving, ada: User
) -> None:
    kinds = ["request.opened", "request.answered"]
    url, secret = f"http://127.0.0.1:{receiving.port}/", make_secret()
    Receiver.objects.create(name="told", url=url, secret=secret, kinds=kinds)
    asked = make_request()
    answer = Answer(value={"amount": 1}, outcome="approve", user=ada)
    Handler(asked.run_id).respond("approve", answer)
    for message in Message.objects.order_by("created_at"):
        _send(message)
    ids = []
    for headers, body in receiving.received:
        now = int(headers["webhook-timestamp"])
        ids.append(check_standard(headers, body, [secret], now).delivery_id)
        assert json.loads(body)["data"]["id"] == str(asked.pk)
    assert [json.loads(body)["type"] for _, body in receiving.received] == kinds
    assert len(set(ids)) == 2


def test_a_receiver_in_trouble_is_told_again(
    receiving: Receiving, callback: Message
) -> None:
    receiving.behaviours = [500, 200]
    _send(callback)
    assert (callback.status, callback.last_reply) == ("pending", "500: so it is")
    _again(callback)
    assert (callback.status, callback.attempts) == ("delivered", 2)
    assert receiving.ids == [callback.idempotency_key] * 2


def test_nothing_is_sent_before_the_pause_is_over(
    receiving: Receiving, callback: Message
) -> None:
    receiving.behaviours = [500]
    _send(callback)
    _send(callback)
    assert (len(receiving.received), callback.attempts) == (1, 1)


def test_a_receiver_that_is_gone_is_not_told_again(
    receiving: Receiving, callback: Message
) -> None:
    receiving.behaviours = [410]
    _send(callback)
    assert (callback.status, callback.due_at) == ("failed", None)
    _send(callback)
    assert len(receiving.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    receiving: Receiving, callback: Message, status: int
) -> None:
    receiving.behaviours = [status]
    _send(callback)
    assert callback.status == "pending"
    assert callback.last_reply == f"{status}: Redirects are not followed."
    assert receiving.connections == 1


def test_a_slow_receiver_is_not_waited_for(
    receiving: Receiving, callback: Message
) -> None:
    receiving.behaviours = ["hang"]
    claimed = outbox.claim(callback.pk)
    assert claimed is not None
    fate = asyncio.run(callbacks.send(claimed, timeout=0.2))
    assert fate == Fate("retry", "There was no reply within 0.2 seconds.")


def test_a_reply_that_never_ends_is_not_read_to_its_end(
    receiving: Receiving, callback: Message
) -> None:
    receiving.behaviours = ["endless"]
    _send(callback)
    assert callback.status == "delivered"
    assert receiving.closing.wait(10)


def test_when_the_reply_is_lost_it_is_sent_again_under_the_same_id(
    receiving: Receiving, callback: Message
) -> None:
    receiving.behaviours = ["drop", 200]
    _send(callback)
    assert callback.status == "pending"
    assert "Error" in callback.last_reply
    _again(callback)
    assert callback.status == "delivered"
    assert len(set(receiving.ids)) == 1
    assert len(receiving.ids) == 2


def test_what_was_lost_between_claim_and_end_is_due_after_a_minute(
    callback: Message,
) -> None:
    assert outbox.claim(callback.pk) is not None
    assert outbox.claim(callback.pk) is None
    Message.objects.update(due_at=F("due_at") - timedelta(seconds=61))
    again = outbox.claim(callback.pk)
    assert again is not None
    assert again.attempt == 2


def test_two_workers_never_send_at_once(
    receiving: Receiving, callback: Message
) -> None:
    async def send_twice() -> None:
        await asyncio.gather(*(send_message(callback.pk) for _ in range(5)))

    asyncio.run(send_twice())
    assert len(receiving.received) == 1


def test_a_late_attempt_does_not_overwrite_a_later_one(callback: Message) -> None:
    late = outbox.claim(callback.pk)
    Message.objects.update(due_at=Now())
    later = outbox.claim(callback.pk)
    assert late is not None
    assert later is not None
    assert not outbox.settle(late, Fate("failed", "410"))
    assert outbox.settle(later, Fate("delivered", "200"))


def test_the_pauses_grow_until_it_has_failed(callback: Message) -> None:
    pauses = []
    for _ in BACK_OFF:
        outbox.settle(_claim(callback), Fate("retry", "500"))
        callback.refresh_from_db()
        pauses.append(_seconds_until_due(callback))
    assert callback.status == "pending"
    assert all(0.7 * b < p < 1.3 * b for b, p in zip(BACK_OFF, pauses, strict=True))
    outbox.settle(_claim(callback), Fate("retry", "500"))
    callback.refresh_from_db()
    assert (callback.status, callback.attempts) == ("failed", 8)


def _claim(callback: Message) -> Claimed:
    Message.objects.update(due_at=Now())
    claimed = outbox.claim(callback.pk)
    assert claimed is not None
    return claimed


def _seconds_until_due(callback: Message) -> float:
    waiting = Message.objects.annotate(pause=F("due_at") - Now()).get(pk=callback.pk)
    pause: timedelta = waiting.pause
    return pause.total_seconds()


@pytest.mark.parametrize("hosts", [[], ["hooks.example.org"], ["127.0.0.1:1"]])
def test_a_host_that_is_not_allowed_is_not_even_connected_to(
    receiving: Receiving, callback: Message, settings: LazySettings, hosts: list[str]
) -> None:
    settings.CALLBACK_HOSTS = hosts
    _send(callback)
    assert callback.status == "failed"
    assert "not allowed" in callback.last_reply
    assert receiving.connections == 0


def test_a_name_that_leads_into_this_machine_is_not_connected_to(
    receiving: Receiving, settings: LazySettings
) -> None:
    settings.CALLBACK_HOSTS = [f"localhost:{receiving.port}"]
    callback = _callback(f"http://localhost:{receiving.port}/")
    _send(callback)
    assert callback.status == "failed"
    assert "not a public address" in callback.last_reply
    assert receiving.connections == 0


def test_a_name_is_kept_for_the_receiver_when_its_network_is_allowed(
    receiving: Receiving, settings: LazySettings
) -> None:
    here = f"localhost:{receiving.port}"
    settings.CALLBACK_HOSTS = [here, "127.0.0.0/8", "::1"]
    callback = _callback(f"http://{here}/")
    _send(callback)
    assert callback.status == "delivered"
    assert receiving.received[0][0]["host"] == here


def test_plain_http_is_only_for_those_who_want_it(
    receiving: Receiving, callback: Message, settings: LazySettings
) -> None:
    settings.CALLBACK_HTTP = False
    _send(callback)
    assert (callback.status, receiving.connections) == ("failed", 0)


def test_a_receiver_that_is_switched_off_is_told_nothing(
    receiving: Receiving, callback: Message
) -> None:
    Receiver.objects.update(is_active=False)
    _send(callback)
    assert (callback.status, receiving.connections) == ("failed", 0)


def test_an_odd_secret_is_said_to_be_one_and_not_shown(
    receiving: Receiving, callback: Message
) -> None:
    Receiver.objects.update(secret="swordfish")
    _send(callback)
    assert callback.status == "failed"
    assert "swordfish" not in callback.last_reply
    assert receiving.connections == 0


@pytest.mark.parametrize("status", ["delivered", "failed", "pending"])
def test_a_callback_can_be_sent_again_at_any_time(
    receiving: Receiving, callback: Message, status: str
) -> None:
    Message.objects.update(status=status, attempts=8, due_at=Now() + timedelta(days=1))
    assert outbox.resend([callback.pk]) == 1
    _send(callback)
    assert callback.status == "delivered"
    assert receiving.ids == [callback.idempotency_key]


async def test_a_callback_that_is_not_there_is_nothing_to_do() -> None:
    await send_message(Message().pk)


def test_a_receiver_behind_tls_is_known_by_its_name(settings: LazySettings) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings.CALLBACK_HOSTS = [f"localhost:{port}", "127.0.0.0/8", "::1"]
        callback = _callback(f"https://localhost:{port}/")
        thread = Thread(target=_hear, args=(server, heard.append))
        thread.start()
        _send(callback)
        thread.join(10)
    assert b"localhost" in heard[0]  # the name in the handshake, not the address
    assert callback.status == "pending"


def _hear(server: socket.socket, tell: Callable[[bytes], None]) -> None:
    server.settimeout(10)
    client, _ = server.accept()
    with client:
        tell(client.recv(4096))
