"""E-mail: people hear of what waits for them, with a link that answers it once."""

from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from workflows_app import access
from workflows_app.engine.errors import EngineError
from workflows_app.engine.policy import ReviewPolicy
from workflows_app.models import AnswerLink, InputRequest, MailWish, Message
from workflows_app.runtime import answer_links
from workflows_app.runtime.addresses import page_of_request
from workflows_app.runtime.answer_links import Guest

from . import letters
from .letters import Way
from .outbox import Claimed, Fate
from .threads import in_thread

PERMANENT = 500
"""Replies of a mail server from here on will be the same the next time."""


async def send(claimed: Claimed) -> Fate:
    """Send a mail that is still of use, over a connection that stands before it is written.

    So links are only made for mails that have a way to leave.
    """
    message = claimed.message
    objection = await in_thread(find_objection, message)
    if objection is not None:
        return Fate("superseded", objection)
    if not settings.MAIL:
        return Fate("failed", "E-mail is switched off: HOLDPOINT_MAIL_HOST is not set.")
    server = get_connection()
    try:
        await in_thread(server.open)
        return await _send(message, server)
    except (SMTPResponseException, OSError) as error:
        return _judge(error)
    finally:
        await in_thread(server.close)


async def _send(message: Message, server: BaseEmailBackend) -> Fate:
    try:
        letter, link = await in_thread(_write, message)
    except EngineError as error:  # it was open a moment ago
        return Fate("superseded", str(error))
    try:
        letter.connection = server
        await in_thread(letter.send)
    except (SMTPResponseException, SMTPRecipientsRefused, ValueError) as error:
        if link is not None:
            await in_thread(answer_links.revoke, link)  # nobody got it
        return _judge(error)
    return Fate("delivered", "The mail server took it.")


def find_objection(message: Message) -> str | None:
    """Why a mail is of no use any more; None while it is."""
    asked, person = message.request, message.person
    if asked is None or not asked.is_open:
        return "The request was closed before."
    if person is None or not person.email:
        return "The person has no address any more."
    if _wish_of(person) == MailWish.ToldWhen.NEVER:
        return "The person wants no e-mail any more."
    return access.find_objection_to(person, asked)


def _wish_of(person: User) -> str:
    wish = MailWish.objects.filter(pk=person.pk).first()
    return wish.told_when if wish else MailWish.ToldWhen.ASKED


def _write(message: Message) -> tuple[EmailMultiAlternatives, AnswerLink | None]:
    """The mail, and the link in it, if somebody can answer with that alone."""
    asked, person = message.request, message.person
    assert asked is not None, "a mail is about a request"
    assert person is not None, "a mail is for a person"
    if _wants_several(asked):
        way = Way(page_of_request(asked.pk), is_for_one_use=False, needs_sign_in=True)
        return letters.write(message, asked, way), None
    guest = Guest(person.get_username(), needs_sign_in=settings.MAIL_SIGN_IN)
    issued = answer_links.issue(asked.pk, guest)
    way = Way(issued.address, True, needs_sign_in=guest.needs_sign_in)
    return letters.write(message, asked, way), issued.link


def _wants_several(asked: InputRequest) -> bool:
    """Each who agrees must be known: no link can stand for him."""
    return ReviewPolicy.load(asked.policy_rules).approvals > 1


def _judge(error: Exception) -> Fate:
    """What is wrong with the mail itself stays wrong; a server in trouble recovers."""
    match error:
        case SMTPResponseException(smtp_code=code, smtp_error=said):
            return _judge_reply(code, said)
        case SMTPRecipientsRefused(recipients=refused):
            return _judge_reply(*next(iter(refused.values())))
        case ValueError():
            return Fate("failed", "The address cannot be written to.")
        case _:
            return Fate("retry", f"{type(error).__name__}: {error}")


def _judge_reply(code: int, said: bytes | str) -> Fate:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return Fate("failed" if code >= PERMANENT else "retry", f"{code}: {text}")
