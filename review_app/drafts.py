"""Drafts: what a person has typed and not sent, kept on the server for every device."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
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
    draft = _draft(user, asked, typed)
    _execute(_WRITE, draft)
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
    if asked.status in CAN_BE_TAKEN_BACK:
        draft = _draft(user, asked, sent, sent_at=timezone.now())
        _execute(f"WITH done AS ({_CLEAR}) {_WRITE}", draft)
    else:
        _execute(_CLEAR, Draft(user=user, request=asked))


def restore(user: User, requests: Collection[UUID]) -> None:
    """The answers were taken back: what was typed for them is a draft again."""
    Draft.objects.filter(user=user, request__in=requests).update(sent_at=None)


def _draft(
    user: User, asked: InputRequest, typed: QueryDict, sent_at: datetime | None = None
) -> Draft:
    form, now = _kept(asked, typed), timezone.now()
    return Draft(user=user, request=asked, form=form, saved_at=now, sent_at=sent_at)


def _execute(statement: str, draft: Draft) -> None:
    parameters: dict[str, Any] = {
        "user": draft.user_id,
        "request": draft.request_id,
        "form": draft.form,
        "saved_at": draft.saved_at,
        "sent_at": draft.sent_at,
        "not_over": list(CAN_BE_TAKEN_BACK),
        "kept": KEPT_AFTER_THE_END,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


_DRAFTS = Draft._meta.db_table  # noqa: SLF001 - Django's documented place
_REQUESTS = InputRequest._meta.db_table  # noqa: SLF001

_WRITE = f"""
    INSERT INTO {_DRAFTS} (user_id, request_id, form, saved_at, sent_at)
    VALUES (%(user)s, %(request)s, %(form)s, %(saved_at)s, %(sent_at)s)
    ON CONFLICT (user_id, request_id) DO UPDATE
    SET form = excluded.form, saved_at = excluded.saved_at, sent_at = excluded.sent_at
"""  # noqa: S608 - the name of a table
"""One statement, whether there was a draft before or not."""

_CLEAR = f"""
    DELETE FROM {_DRAFTS} draft USING {_REQUESTS} asked
    WHERE draft.user_id = %(user)s AND asked.id = draft.request_id
        AND asked.status <> ALL(%(not_over)s)
        AND (draft.request_id = %(request)s OR draft.sent_at IS NOT NULL
            OR asked.closed_at < statement_timestamp() - %(kept)s)
"""  # noqa: S608 - the names of two tables
"""A person's drafts of answers that count, this one's too, and of what was closed long ago."""


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
