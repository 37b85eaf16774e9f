"""What a source sent is taken in once: one delivery, one act, one transaction."""

from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from workflows_app.models import Delivery, Source
from workflows_app.rates import Rates

from . import log
from .acts import prepare
from .clock import database_time
from .log import Outcome, RepeatedError, Result
from .mapping import MappingError
from .message import Message, mapping_of, read_message
from .proving import prove
from .refusals import REFUSED, Refusal, SourceNotReadyError, refusal_of
from .signatures import Headers, pairs_of

rates = Rates()


class TooManyError(Exception):
    """The source has sent more than its rate allows."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(str(self.__doc__))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender is told. `delivery` is what was kept of its message.

    What a person sees who is not to see it `is_shown`: then nothing is told.
    """

    status: int
    content: dict[str, Any]
    delivery: Delivery
    retry_after: int | None = None
    is_shown: bool = False


def find_source(name: str) -> Source | None:
    return Source.objects.filter(name=name).exclude(mode=Source.Mode.OFF).first()


def receive(source: Source, headers: Headers, body: bytes) -> Reply:
    """Take in what claims to come from a source.

    Raises BadSignatureError for what it has not sent, and TooManyError.
    """
    pairs = pairs_of(headers)
    signed = prove(source, pairs, body, database_time)
    wait = rates.take(source.pk, source.rate)
    if wait:
        raise TooManyError(wait)
    return take_in(read_message(source, signed, pairs, body))


def take_in(message: Message) -> Reply:
    """Let come of a proven message what its source wants, unless it has come already."""
    known = log.find(message)
    if known is not None and known.is_done:
        return _repeat(message, known)
    if known is not None:
        message = replace(message, spare_id=known.delivery_id)
    try:
        return _take_in_first(message)
    except RepeatedError as error:
        return _repeat(message, error.delivery)


def _repeat(message: Message, done: Delivery) -> Reply:
    """The same reply as the first time."""
    if not message.is_replay:
        log.count_repeat(done, message)
    return _reply(message, 200, done)


def _take_in_first(message: Message) -> Reply:
    try:
        delivery = _act(message)
    except REFUSED as error:
        return _refuse(message, refusal_of(error))
    return _reply(message, delivery.status, delivery)


def _act(message: Message) -> Delivery:
    """Do what the source is for; or keep the message, if nothing shall come of it."""
    if message.flaw is not None:
        raise message.flaw
    source, facts = message.source, message.facts
    if message.challenge is not None:
        return _leave(message, "It asked whether this address is ours.")
    if not source.is_on:
        return _keep(message, Outcome(result=Result.KEPT, reply={"kept": True}))
    try:
        mapping = mapping_of(source)
    except MappingError as error:
        raise SourceNotReadyError from error
    unmet = mapping.find_unmet(facts)
    if unmet is not None:
        return _leave(message, f"The condition only_if.{unmet} does not hold.")
    return prepare(message, mapping.read(facts)).do()


def _leave(message: Message, why: str) -> Delivery:
    reply = {"ignored": why}
    return _keep(
        message, Outcome(result=Result.IGNORED, status=200, detail=why, reply=reply)
    )


def _refuse(message: Message, refusal: Refusal) -> Reply:
    outcome = Outcome(
        result=Result.REFUSED, status=refusal.status, detail=refusal.message
    )
    delivery = _keep(message, outcome)
    return Reply(refusal.status, refusal.content, delivery, refusal.retry_after)


def _keep(message: Message, outcome: Outcome) -> Delivery:
    with transaction.atomic():
        return log.keep(message, outcome)


def _reply(message: Message, status: int, delivery: Delivery) -> Reply:
    if message.challenge is not None:
        return Reply(status, {"challenge": message.challenge}, delivery)
    is_shown = message.content is not None and message.content.is_form
    return Reply(status, delivery.told, delivery, is_shown=is_shown)
