"""Idempotency keys: what is asked twice under one key is done once, and told twice.

The key is written in the transaction of the act. So a program that got no answer may ask
again, whatever died in between.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from workflows_app.engine.errors import EngineError
from workflows_app.models import IdempotencyKey
from workflows_app.runtime.transition import Applied, beside_all

from .bearer import token_of, user_of
from .errors import ApiError, key_reused
from .json_reply import json_text, text_reply

DOOR = "api"
HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[!-~]{1,150}")

_TABLE = IdempotencyKey._meta.db_table  # noqa: SLF001 - Django's documented place
# Each new row takes two old ones along, if nobody else does so just now.
SWEEP = f"""
    DELETE FROM {_TABLE} WHERE id IN (
        SELECT id FROM {_TABLE} WHERE created_at < clock_timestamp() - interval '48 h'
        ORDER BY created_at LIMIT 2 FOR UPDATE SKIP LOCKED
    )
"""  # noqa: S608 - our own name

Tell: TypeAlias = Callable[[], BaseModel]


def act_once(request: HttpRequest, act: Tell, *, status: int = 200) -> HttpResponse:
    """Do something within a transaction of ours, and tell what it gives."""
    once = Once.of(request, status)
    return once.told() or once.do(lambda: _in_transaction(once, act))


def apply_once(
    request: HttpRequest,
    act: Callable[[], Any],
    tell: Tell,
    *,
    tell_again: Tell | None = None,
) -> HttpResponse:
    """Do something that moves a run, in a transaction of its own; tell what is then.

    What had been done before moves nothing, and may be told in another way.
    """
    once = Once.of(request, 200)
    return once.told() or once.do(lambda: _beside(once, act, tell, tell_again or tell))


def lasting_key(request: HttpRequest) -> str | None:
    """The key as a run keeps it for ever, and with it a question.

    It belongs to the person, so that another token of his goes on where one stops.
    """
    key = request.headers.get(HEADER)
    return f"{DOOR}:{user_of(request).pk}:{key}" if key else None


def _in_transaction(once: "Once", act: Tell) -> str:
    with transaction.atomic():
        return once.keep(act())


def _beside(once: "Once", act: Callable[[], Any], tell: Tell, tell_again: Tell) -> str:
    kept: list[str] = []

    def keep(_: Applied) -> None:
        kept[:] = [once.keep(tell())]  # again, if the transaction is tried again

    with beside_all(keep):
        act()
    return kept[0] if kept else _in_transaction(once, tell_again)


@dataclass(frozen=True, slots=True)
class Once:
    """What a token asks under a key, if it names one, and the status of its reply."""

    token: int
    key: str
    asked: str
    status: int

    @classmethod
    def of(cls, request: HttpRequest, status: int) -> "Once":
        """Raises ApiError for a key that can be none."""
        key = request.headers.get(HEADER, "")
        if HEADER in request.headers and not KEY.fullmatch(key):
            message = f"{HEADER}: 1 to 150 printable ASCII characters without blanks."
            raise ApiError(400, "invalid_key", message)
        return cls(token_of(request).pk, key, _digest(request), status)

    def told(self) -> HttpResponse | None:
        """What was told for this key before; raises ApiError if it was another act."""
        kept = self.key and self._find()
        if not kept:
            return None
        if kept.asked_digest != self.asked:
            raise key_reused()
        response = text_reply(kept.reply, kept.status)
        response[REPLAYED] = "true"
        return response

    def do(self, act: Callable[[], str]) -> HttpResponse:
        """Act, unless another has just done so under this key."""
        try:
            return text_reply(act(), self.status)
        except (IntegrityError, EngineError):
            told = self.told()
            if told is None:
                raise
            return told

    def keep(self, reply: BaseModel) -> str:
        """The text of the reply; with a key it is kept. Fails for the second of two."""
        text = json_text(reply.model_dump(by_alias=True))
        if self.key:
            secret: set[str] = getattr(reply, "SHOWN_ONCE", set())
            IdempotencyKey.objects.create(
                token_id=self.token,
                key=self.key,
                asked_digest=self.asked,
                status=self.status,
                reply=json_text(reply.model_dump(by_alias=True, exclude=secret)),
            )
            with connection.cursor() as cursor:
                cursor.execute(SWEEP)
        return text

    def _find(self) -> IdempotencyKey | None:
        found = IdempotencyKey.objects.filter(token=self.token, key=self.key)
        return found.first()


def _digest(request: HttpRequest) -> str:
    """What is asked, whatever the order of its fields: a client may not keep it."""
    body = json.loads(request.body) if request.body else None
    asked = [request.method, request.get_full_path(), body]
    return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
