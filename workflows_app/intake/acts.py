"""What may come of a message: a run that starts, an answer, an event that is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import transaction

from workflows_app.engine.commands import RecordVote
from workflows_app.engine.definition import Definition
from workflows_app.engine.policy import Responder
from workflows_app.models import Delivery, InputRequest, Run, Source
from workflows_app.runtime import answering, sending
from workflows_app.runtime.answering import Answer
from workflows_app.runtime.definitions import find_current
from workflows_app.runtime.handler import Handler
from workflows_app.runtime.sending import Sending
from workflows_app.runtime.starting import Start, start, start_event
from workflows_app.runtime.transition import Applied, beside_all

from . import log
from .finding import find_request, find_run
from .log import Outcome, Result
from .mapping import WITHOUT_INPUT
from .message import Message
from .refusals import WorkflowUnavailableError

DOOR = "webhook"

Values = Mapping[str, Any]


class Act(Protocol):
    """Something that a message asks for, ready to be done."""

    def do(self) -> Delivery:
        """Do it and keep the message, both or neither. Raises what refuses it."""

    def rehearse(self) -> None:
        """Raise what would refuse it just now; nothing is done."""

    @property
    def intent(self) -> str:
        """What it would do, in one sentence."""


def prepare(message: Message, values: Values) -> Act:
    """Find what a message is about. Raises what refuses it before anything is done."""
    match Source.Action(message.source.action):
        case Source.Action.START:
            return _prepare_start(message, values)
        case Source.Action.ANSWER:
            return _prepare_answer(message, values)
        case Source.Action.SEND:
            return _prepare_send(message, values)


@dataclass(frozen=True, slots=True)
class StartRun:
    """Starts a run of the source's workflow."""

    message: Message
    definition: Definition
    wanted: Start

    @property
    def intent(self) -> str:
        return f"It would start a run of {self.definition.name}."

    def rehearse(self) -> None:
        """All has been checked when it was prepared."""

    def do(self) -> Delivery:
        with transaction.atomic():
            run_id = start(self.definition, self.wanted)
            outcome = Outcome(
                result=Result.STARTED, run_id=run_id, reply={"run_id": str(run_id)}
            )
            return log.keep(self.message, outcome)


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """Answers a question as a program that bears the source's name."""

    message: Message
    asked: InputRequest
    answer: Answer

    @property
    def intent(self) -> str:
        return f"It would answer “{self.asked.subject}” ({self.asked.request_id})."

    def rehearse(self) -> None:
        refusal = answering.rehearse(self.asked, self.answer)
        if refusal is not None:
            raise refusal

    def do(self) -> Delivery:
        kept: list[Delivery] = []

        def keep(applied: Applied) -> None:
            votes = [c.vote for c in applied.commands if isinstance(c, RecordVote)]
            kept[:] = [self._keep(vote.outcome) for vote in votes]

        with beside_all(keep):
            receipt = Handler(self.asked.run_id).respond(
                self.asked.request_id, self.answer
            )
        if kept:
            return kept[0]
        with transaction.atomic():  # the answer was there before, by this very source
            return self._keep(receipt.outcome)

    def _keep(self, outcome: str) -> Delivery:
        told = {
            "run_id": str(self.asked.run_id),
            "request_id": self.asked.request_id,
            "outcome": outcome,
        }
        done = Outcome(
            result=Result.ANSWERED,
            run_id=self.asked.run_id,
            request_id=self.asked.pk,
            reply=told,
        )
        return log.keep(self.message, done)


@dataclass(frozen=True, slots=True)
class SendEvent:
    """Sends an event into a run that goes on."""

    message: Message
    run: Run
    sent: Sending

    @property
    def intent(self) -> str:
        return f"It would send {self.sent.event_type} into run {self.run.short_id}."

    def rehearse(self) -> None:
        refusal = sending.rehearse(self.run.pk, self.sent)
        if refusal is not None:
            raise refusal

    def do(self) -> Delivery:
        kept: list[Delivery] = []

        def keep(applied: Applied) -> None:
            told = {"run_id": str(self.run.pk)}
            done = Outcome(result=Result.SENT, run_id=self.run.pk, reply=told)
            kept[:] = [log.keep(self.message, done)]

        with beside_all(keep):
            sending.send(self.run.pk, self.sent)
        return kept[0]


def _prepare_start(message: Message, values: Values) -> StartRun:
    source = message.source
    definition = find_current(source.workflow)
    if definition is None:
        raise WorkflowUnavailableError
    fields = values["input"] if "input" in values else _whole(message)
    tags = {"source": source.name, "event": message.event, **values.get("tags", {})}
    wanted = Start(
        event=start_event(definition, fields),
        source_id=source.pk,
        groups=source.groups,
        tags={name: text for name, text in tags.items() if text is not None},
        idempotency_key=values.get("key"),
    )
    return StartRun(message, definition, wanted)


def _whole(message: Message) -> dict[str, Any]:
    """The input of a workflow that reads deliveries itself."""
    facts = message.facts
    told = (*(facts.delivery[n] for n in ("source", "event", "id")), facts.body)
    return dict(zip(WITHOUT_INPUT, told, strict=True))


def _prepare_answer(message: Message, values: Values) -> AnswerRequest:
    source = message.source
    answer = Answer(
        value=values.get("answer"),
        outcome=values.get("outcome"),
        reason=values.get("reason") or "",
        responder=_name_of(source),
        door=DOOR,
        idempotency_key=f"{source.name}:{message.name}",
    )
    return AnswerRequest(message, find_request(source, values["find"]), answer)


def _prepare_send(message: Message, values: Values) -> SendEvent:
    source = message.source
    sent = Sending(
        event_type=values["event"],
        fields=values.get("fields", {}),
        sender=Responder("program", _name_of(source)),
        door=DOOR,
    )
    return SendEvent(message, find_run(source, values["find"]), sent)


def _name_of(source: Source) -> str:
    return f"source:{source.name}"
