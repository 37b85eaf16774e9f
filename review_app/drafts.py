"""Drafts: what a person has typed and not sent, kept on the server for every device."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils import timezone

from review_app.answer_sheet import AnswerSheet
from review_app.given_answer import is_secret
from review_app.models import Draft
from review_app.schema_form.fields import (
    AnswerField,
    FixedField,
    JsonField,
    LinesField,
    SecretField,
)
from workflows_app.models import InputRequest
from workflows_app.stream.wakeup import notifier, request_topic

KEPT_AFTER_THE_END = timedelta(days=30)
"""For so long the text of who was too late can still be copied."""

CAN_BE_TAKEN_BACK = (InputRequest.Status.OPEN, InputRequest.Status.DECIDED)


def find(user: User, asked: InputRequest) -> Draft | None:
    """What the person had typed, also what he sent and then took back."""
    return Draft.objects.filter(user=user, request=asked).first()


def save(user: User, asked: InputRequest, typed: QueryDict) -> Draft | None:
    """Keep what stands in the form now, valid or not.

    None when the person has answered, or the request is closed: what a slow page still
    sends brings no draft back.
    """
    with transaction.atomic():
        row = InputRequest.objects.select_for_update(no_key=True).only("status")
        is_open = row.get(pk=asked.pk).is_open
        return keep(user, asked, typed) if is_open else None


def keep(user: User, asked: InputRequest, typed: QueryDict) -> Draft | None:
    """The same for an answer that was refused because somebody has closed the request."""
    if asked.responses.filter(user=user, withdrawn_at=None).exists():
        return None
    draft = _write(user, asked, typed)
    transaction.on_commit(lambda: notifier.send([request_topic(asked.pk)]))
    return draft


def discard(user: User, asked: InputRequest) -> bool:
    """Forget what the person has typed and not sent; False when there was nothing."""
    with transaction.atomic():
        gone, _ = Draft.objects.filter(user=user, request=asked, sent_at=None).delete()
        transaction.on_commit(lambda: notifier.send([request_topic(asked.pk)]))
    return bool(gone)


def put_away(user: User, asked: InputRequest, sent: QueryDict) -> None:
    """The answer is given. While it can be taken back, all that was typed is kept."""
    now = timezone.now()
    with transaction.atomic():
        if asked.status in CAN_BE_TAKEN_BACK:
            _write(user, asked, sent, sent_at=now)
        Draft.objects.filter(_done_with(asked), user=user).delete()


def restore(user: User, requests: Collection[UUID]) -> None:
    """The answers were taken back: what was typed for them is a draft again."""
    Draft.objects.filter(user=user, request__in=requests).update(sent_at=None)


def _write(
    user: User, asked: InputRequest, typed: QueryDict, sent_at: datetime | None = None
) -> Draft:
    """One statement, whether there was a draft before or not."""
    form, now = _kept(asked, typed), timezone.now()
    draft = Draft(user=user, request=asked, form=form, saved_at=now, sent_at=sent_at)
    Draft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["user", "request"],
        update_fields=["form", "saved_at", "sent_at"],
    )
    return draft


def _done_with(asked: InputRequest) -> Q:
    """Drafts of answers that count, this one's too, and of what was closed long ago."""
    is_over = ~Q(request__status__in=CAN_BE_TAKEN_BACK)
    is_old = Q(request__closed_at__lt=Now() - KEPT_AFTER_THE_END)
    return is_over & (Q(sent_at__isnull=False) | Q(request=asked) | is_old)


def _kept(asked: InputRequest, typed: QueryDict) -> str:
    """The fields of the answer and the reason; never what is secret."""
    form = AnswerSheet(asked).form
    has_secrets = _mentions_secret(asked.content["schema"])
    kept = QueryDict(mutable=True)
    for field in form.answer_fields:
        name = form.add_prefix(field.place.name)
        if not _is_withheld(field, has_secrets=has_secrets):
            kept.setlist(name, typed.getlist(name))
    kept["reason"] = typed.get("reason", "")
    return kept.urlencode()


def _is_withheld(field: AnswerField, *, has_secrets: bool) -> bool:
    """A box of JSON may hold any part of the answer, so also a secret one."""
    if isinstance(field, LinesField):
        return _is_withheld(field.item, has_secrets=has_secrets)
    is_box = isinstance(field, JsonField) and has_secrets
    return is_box or isinstance(field, SecretField | FixedField)


def _mentions_secret(schema: Any) -> bool:
    """Whether any part of a schema, wherever it lies, asks for a secret."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if is_secret(part):
                return True
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return False
