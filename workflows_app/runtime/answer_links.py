"""Answer links: with one, a person without an account answers one request once.

The token is given out once and only its hash is kept. Nothing that is done with a link
but an answer changes anything.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Least, Now

from workflows_app import access
from workflows_app.engine.errors import (
    InvalidResponseError,
    LinkOverError,
    NotAllowedError,
    UnknownRequestError,
)
from workflows_app.engine.policy import NAME_LENGTH, ReviewPolicy
from workflows_app.models import AnswerLink, InputRequest
from workflows_app.stream.wakeup import notifier, request_topic

LONGEST = timedelta(days=7)
"""No link lives longer, nor longer than its request has time."""

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Guest:
    """For whom a link is, what he may choose, and whether he must sign in as well.

    No `outcomes` means all of them. Who must sign in is named by his user name.
    """

    person: str
    outcomes: tuple[str, ...] = ()
    needs_sign_in: bool = False
    lasts: timedelta = LONGEST


@dataclass(frozen=True, slots=True)
class IssuedLink:
    """A new link, and the address that will never be seen again."""

    link: AnswerLink
    address: str


def issue(pk: UUID, guest: Guest, *, by: User | None = None) -> IssuedLink:
    """Make a link for an open request; `by` is the person who does, if it is one.

    Raises NotAllowedError, UnknownRequestError, or InvalidResponseError for a guest that
    cannot be.
    """
    person = guest.person.strip()
    with transaction.atomic():
        locked = InputRequest.objects.select_for_update(of=("self",), no_key=True)
        asked = locked.select_related("run__started_by").filter(pk=pk).first()
        if asked is None or not asked.is_open:
            raise UnknownRequestError("This request is not open any more.")
        _check_issuer(asked, by)
        _check_guest(asked, guest, person)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        link = AnswerLink.objects.create(
            request=asked,
            token_hash=_hash(token),
            digest=asked.digest,
            outcomes=list(guest.outcomes),
            person=person,
            needs_sign_in=guest.needs_sign_in,
            issued_by=by,
            expires_at=_end_of(asked, guest),
        )
        _tell(pk)
    link.refresh_from_db()
    return IssuedLink(link, f"{settings.PUBLIC_URL}/a/{token}/")


def usable() -> QuerySet[AnswerLink]:
    """The links with which somebody can answer now."""
    waiting = {"request__status": "open", "request__digest": F("digest")}
    return _unused().filter(**waiting)


def find(token: str) -> AnswerLink | None:
    """The link of a token, whatever has become of it."""
    found = AnswerLink.objects.select_related("request__run")
    return found.filter(token_hash=_hash(token)).first()


def check(link: AnswerLink, outcome: str | None, digest: str | None) -> None:
    """Raise for an answer that the link was not made for."""
    if link.outcomes and outcome not in link.outcomes:
        names = ", ".join(link.outcomes)
        raise InvalidResponseError([(("outcome",), f"Choose one of: {names}.")])
    if digest != link.digest:
        raise LinkOverError


def use_up(link: AnswerLink) -> None:
    """In the transaction that records the answer. Raises LinkOverError when too late."""
    if not _unused().filter(pk=link.pk).update(used_at=Now()):
        raise LinkOverError


def revoke(link: AnswerLink) -> bool:
    """Let nobody answer with it any more; False when nobody could."""
    with transaction.atomic():
        revoked = _unused().filter(pk=link.pk).update(revoked_at=Now())
        _tell(link.request_id)
    return bool(revoked)


def revoke_all(asked: InputRequest) -> None:
    """The request is somebody else's now: what was given out for it is worth nothing."""
    _unused().filter(request=asked).update(revoked_at=Now())


def find_objection_to_issue(user: User, asked: InputRequest) -> str | None:
    """Why this person may not make links for a request; None when he may.

    A link must not be a way to answer what one may not answer, or to count twice.
    """
    policy = ReviewPolicy.load(asked.policy_rules)
    starter = asked.run.started_by
    if not settings.PUBLIC_URL:
        return "Links need HOLDPOINT_URL, the address at which people reach Holdpoint."
    if policy.approvals > 1:
        return "Several people must agree here, each signed in. Hand it on instead."
    if not policy.starter_may_decide and starter == user:
        return "You started this run, so somebody else must choose who decides."
    return None if access.is_operator(user) else access.find_objection_to(user, asked)


def _check_issuer(asked: InputRequest, by: User | None) -> None:
    if not settings.PUBLIC_URL:
        raise NotAllowedError("Set HOLDPOINT_URL: links need an address to lead to.")
    objection = find_objection_to_issue(by, asked) if by is not None else None
    if objection is not None:
        raise NotAllowedError(objection)


def _check_guest(asked: InputRequest, guest: Guest, person: str) -> None:
    problems = []
    if not person or len(person) > NAME_LENGTH or not person.isprintable():
        what = f"Name the person, in at most {NAME_LENGTH} characters."
        problems.append((("person",), what))
    elif guest.needs_sign_in and not _has_account(person):
        what = "Nobody can sign in by this name. Give the user name."
        problems.append((("person",), what))
    offered = {each["key"] for each in asked.content["outcomes"]}
    if not offered.issuperset(guest.outcomes):
        problems.append((("outcomes",), f"Choose from: {', '.join(sorted(offered))}."))
    if problems:
        raise InvalidResponseError(problems)
    if _is_excluded_starter(asked, person):
        raise NotAllowedError(f"{person} started this run and may not decide.")


def _has_account(name: str) -> bool:
    return User.objects.filter(username=name, is_active=True).exists()


def _is_excluded_starter(asked: InputRequest, person: str) -> bool:
    starter = asked.run.started_by
    may_decide = asked.policy_rules.get("starter_may_decide", True)
    return not may_decide and starter is not None and starter.get_username() == person


def _end_of(asked: InputRequest, guest: Guest) -> Combinable:
    """The earliest of what the guest, the house and the request allow."""
    end = Now() + min(guest.lasts, LONGEST)
    return Least(end, asked.expires_at) if asked.expires_at else end


def _unused() -> QuerySet[AnswerLink]:
    return AnswerLink.objects.filter(
        used_at=None, revoked_at=None, expires_at__gt=Now()
    )


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _tell(pk: UUID) -> None:
    transaction.on_commit(lambda: notifier.send([request_topic(pk)]))
