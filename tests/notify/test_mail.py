"""Mails to people who are asked: who gets one, what it says, and what its link does."""

import asyncio
import re
from asyncio import Server
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage as Received
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db.models.functions import Now
from django.test import Client
from pytest_django.fixtures import Settings

from tests.factories import let_pass, make_request, run_steps, start_run
from tests.policies import asking, slow_deadline, two_needed
from workflows_app.models import AnswerLink, InputRequest, MailWish, Message
from workflows_app.notify.letters import subject_of
from workflows_app.notify.sending import send_message
from workflows_app.runtime.handler import Answer, Handler
from workflows_app.runtime.worker.watch import Watcher

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://holdpoint.example"
for_ada = asking("for-ada", assignees=["ada"])
four_eyes = asking("four-eyes-mail", starter_may_decide=False)
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture(autouse=True)
def switched_on(settings: Settings) -> None:
    settings.MAIL = True
    settings.PUBLIC_URL = URL


@pytest.fixture
def with_address(person: Callable[..., User]) -> Callable[..., User]:
    def make(name: str, *groups: str) -> User:
        user = person(name, *groups)
        user.email = f"{name}@example.org"
        user.save()
        return user

    return make


def asked_of() -> list[str]:
    """Who is told of what, by name."""
    rows = Message.objects.order_by("person__username")
    return [str(row.person) for row in rows]


def send_all() -> list[EmailMultiAlternatives]:
    """What leaves the house now."""
    for pk in Message.objects.filter(status="pending").values_list("pk", flat=True):
        asyncio.run(send_message(pk))
    return list(mail.outbox)  # type: ignore[arg-type]  # all of ours have two parts


def link_in(text: object) -> str:
    found = re.search(rf"{URL}(/a/[\w-]+/)", str(text))
    assert found is not None
    return found[1]


# Who gets one


def test_all_who_are_asked_and_have_an_address_get_a_mail(
    with_address: Callable[..., User], ada: User
) -> None:
    with_address("mia", "reviewers")
    with_address("lea", "leads")
    with_address("otto", "operators")
    make_request()  # ada reviews too, but has no address
    assert asked_of() == ["lea", "mia"]


def test_who_is_asked_by_name_gets_a_mail_and_his_group_does_not(
    with_address: Callable[..., User],
) -> None:
    with_address("ada", "reviewers")
    with_address("mia", "reviewers")
    make_request(for_ada)
    assert asked_of() == ["ada"]


@pytest.mark.parametrize(
    ("when", "named", "grouped"),
    [("asked", 1, 1), ("named", 1, 0), ("never", 0, 0)],
)
def test_everybody_chooses_when_to_be_told(
    with_address: Callable[..., User], when: str, named: int, grouped: int
) -> None:
    MailWish.objects.create(user=with_address("ada", "reviewers"), told_when=when)
    make_request(for_ada)
    assert Message.objects.count() == named
    make_request()
    assert Message.objects.count() == named + grouped


def test_nothing_is_written_where_mail_is_switched_off(
    with_address: Callable[..., User], settings: Settings
) -> None:
    settings.MAIL = False
    with_address("ada", "reviewers")
    make_request()
    assert not Message.objects.exists()


def test_who_started_it_and_may_not_decide_gets_no_mail(
    with_address: Callable[..., User],
) -> None:
    starter = with_address("ada", "reviewers")
    with_address("mia", "reviewers")
    run_steps(start_run(four_eyes, user=starter))
    assert asked_of() == ["mia"]


def test_an_escalation_tells_those_who_are_asked_by_it(
    with_address: Callable[..., User],
) -> None:
    with_address("lea", "leads")
    with_address("mia", "reviewers")
    asked = make_request(slow_deadline)
    Message.objects.all().delete()
    let_pass(asked.run_id, 61)
    Watcher().look()
    assert asked_of() == ["lea"]
    (letter,) = send_all()
    assert letter.subject.startswith("[Holdpoint: still undecided]")


def test_who_is_handed_a_request_gets_a_mail(
    with_address: Callable[..., User], ada: User
) -> None:
    with_address("mia", "reviewers")
    asked = make_request(for_ada)
    Handler(asked.run_id).delegate("q", ada, to="mia")
    assert asked_of() == ["mia"]
    assert Message.objects.get().kind == "request.delegated"


# What it says, and what its link does


def test_a_mail_says_in_short_what_is_asked(with_address: Callable[..., User]) -> None:
    with_address("ada", "reviewers")
    make_request(subject="Deploy <b>api</b> & ghp_" + "a" * 36 + "?")
    (letter,) = send_all()
    assert letter.to == ["ada@example.org"]
    assert letter.subject == "[Holdpoint: asked] Deploy <b>api</b> & •••?"
    assert "May this be done: **Deploy <b>api</b> & •••?**" in letter.body
    assert "You can choose: Approve, Reject." in letter.body
    html = str(letter.alternatives[0][0])
    assert "Deploy &lt;b&gt;api&lt;/b&gt; &amp; •••?" in html
    assert "<b>" not in html
    assert link_in(letter.body) in html
    message = Message.objects.get()
    assert (message.status, message.attempts) == ("delivered", 1)


@pytest.mark.parametrize(
    "subject",
    [
        "one\r\nBcc: all@example.org",
        "one\nBcc: all@example.org",
        "one\u2028Bcc: all@example.org",
        "one\x0bBcc: all@example.org",
        "one\x00Bcc:\ud800 all@example.org",
        "x" * 10_000,
        "",
        "\u202egnp.exe",
    ],
)
def test_a_subject_is_one_line_of_text_whatever_it_holds(subject: str) -> None:
    line = subject_of("request.opened", subject)
    assert line.isprintable()
    assert len(line) < 160
    letter = EmailMultiAlternatives(line, "", to=["ada@example.org"])
    assert "Bcc" not in letter.message()


def test_a_look_at_the_link_decides_nothing_and_a_press_decides(
    with_address: Callable[..., User],
) -> None:
    with_address("ada", "reviewers")
    asked = make_request(for_ada)
    (letter,) = send_all()
    guest = Client()
    for _ in range(3):
        page = guest.get(link_in(letter.body), follow=True)
    assert page.status_code == 200
    asked.refresh_from_db()
    assert asked.is_open
    link = AnswerLink.objects.get()
    form = {"link": link.pk, "digest": asked.digest, "outcome": "approve"}
    guest.post("/a/", form)
    vote = asked.responses.get()
    assert (vote.responder_kind, vote.responder, vote.door) == ("link", "ada", "link")
    link.refresh_from_db()
    assert link.used_at is not None


def test_where_several_must_agree_the_mail_leads_to_the_page(
    with_address: Callable[..., User],
) -> None:
    with_address("ada", "reviewers")
    asked = make_request(two_needed)
    (letter,) = send_all()
    assert f"{URL}/requests/{asked.pk}/" in letter.body
    assert "sign in" in letter.body
    assert not AnswerLink.objects.exists()


def test_a_house_may_want_a_sign_in_beside_the_link(
    with_address: Callable[..., User], settings: Settings
) -> None:
    settings.MAIL_SIGN_IN = True
    with_address("ada", "reviewers")
    make_request()
    (letter,) = send_all()
    assert AnswerLink.objects.get().needs_sign_in
    assert "You must sign in as well." in letter.body


# What is of no use any more is not sent


def close(asked: InputRequest, ada: User) -> None:
    Handler(asked.run_id).abort()


def leave(asked: InputRequest, ada: User) -> None:
    ada.is_active = False
    ada.save()


def move(asked: InputRequest, ada: User) -> None:
    ada.groups.clear()


def forget(asked: InputRequest, ada: User) -> None:
    ada.email = ""
    ada.save()


def refuse(asked: InputRequest, ada: User) -> None:
    MailWish.objects.create(user=ada, told_when="never")


@pytest.mark.parametrize("happen", [close, leave, move, forget, refuse])
def test_a_mail_that_is_of_no_use_any_more_is_not_sent(
    with_address: Callable[..., User], happen: Callable[[InputRequest, User], None]
) -> None:
    ada = with_address("ada", "reviewers")
    happen(make_request(), ada)
    assert send_all() == []
    message = Message.objects.get()
    assert message.status == "superseded"
    assert message.last_reply
    assert not AnswerLink.objects.exists()


# Over a real connection


class Catcher:
    """A mail server that does as it is told, and keeps what comes."""

    def __init__(self) -> None:
        self.replies: list[str] = []
        self.received: list[Received] = []

    async def handle_DATA(  # noqa: N802 - its name in aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        reply = self.replies.pop(0) if self.replies else "250 taken"
        if reply.startswith("2"):
            content = envelope.content
            assert isinstance(content, bytes)
            got: Any = message_from_bytes(content, policy=policy.default)
            self.received.append(got)
        return reply


class Catching(Controller):
    """Listens where there is room; the original asks for that port itself."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def catcher(settings: Settings) -> Iterator[Catcher]:
    catching = Catcher()
    controller = Catching(catching, hostname="127.0.0.1", port=0)
    controller.start()
    settings.EMAIL_BACKEND = SMTP_BACKEND
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_USE_TLS = False
    yield catching
    controller.stop()


def send_again() -> Message:
    Message.objects.filter(status="pending").update(due_at=Now())
    message = Message.objects.get()
    asyncio.run(send_message(message.pk))
    message.refresh_from_db()
    return message


def test_a_mail_arrives_in_both_forms_and_marked_as_automatic(
    with_address: Callable[..., User], catcher: Catcher
) -> None:
    with_address("ada", "reviewers")
    make_request(subject="Grüße?")
    message = send_again()
    assert message.status == "delivered"
    (got,) = catcher.received
    assert got["Subject"] == "[Holdpoint: asked] Grüße?"
    assert got["To"] == "ada@example.org"
    assert got["Message-ID"] == f"<{message.idempotency_key}@holdpoint.example>"
    assert got["Auto-Submitted"] == "auto-generated"
    plain, html = got.get_body(("plain",)), got.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert link_in(plain.get_content()) in html.get_content()


def test_a_server_in_trouble_is_tried_again_with_a_link_that_works(
    with_address: Callable[..., User], catcher: Catcher
) -> None:
    with_address("ada", "reviewers")
    asked = make_request()
    catcher.replies = ["451 later", "250 taken"]
    message = send_again()
    assert (message.status, message.last_reply) == ("pending", "451: later")
    message = send_again()
    assert (message.status, message.attempts) == ("delivered", 2)
    refused, sent = AnswerLink.objects.order_by("pk")
    assert refused.revoked_at is not None
    assert sent.revoked_at is None
    plain = catcher.received[0].get_body(("plain",))
    assert plain is not None
    page = Client().get(link_in(plain.get_content()), follow=True)
    assert asked.subject in page.content.decode()


def test_what_a_server_will_never_take_has_failed(
    with_address: Callable[..., User], catcher: Catcher
) -> None:
    with_address("ada", "reviewers")
    make_request()
    catcher.replies = ["550 no such person"]
    message = send_again()
    assert (message.status, message.last_reply) == ("failed", "550: no such person")


def test_a_server_that_is_away_costs_no_link(
    with_address: Callable[..., User], catcher: Catcher, settings: Settings
) -> None:
    with_address("ada", "reviewers")
    make_request()
    settings.EMAIL_PORT = 1
    message = send_again()
    assert message.status == "pending"
    assert "ConnectionRefusedError" in message.last_reply
    assert not AnswerLink.objects.exists()


def test_the_answer_of_somebody_else_makes_the_link_useless(
    with_address: Callable[..., User], ada: User
) -> None:
    with_address("mia", "reviewers")
    asked = make_request()
    (letter,) = send_all()
    Handler(asked.run_id).respond(
        "approve", Answer(value={"amount": 1}, outcome="approve", user=ada)
    )
    page = Client().get(link_in(letter.body), follow=True)
    assert "This link is not in use" in page.content.decode()
