"""The sheet on which a person answers: outcome, reason and the form of one request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.http import QueryDict

from review_app.forms import AnswerForm, answer_form
from review_app.schema_form.fields import (
    FixedField,
    SecretField,
    with_plain_lines,
)
from review_app.schema_form.rows import Problem
from workflows_app.engine.policy import primary
from workflows_app.models import InputRequest
from workflows_app.runtime.handler import Answer

SHORTCUTS = {"approve": "a", "reject": "r"}
MOST_KEYS = 9


@dataclass(frozen=True, slots=True)
class Choice:
    """An outcome as a button; `keys` are those that press it."""

    key: str
    label: str
    style: str
    needs_reason: bool
    keys: tuple[str, ...]

    @property
    def shortcuts(self) -> str:
        return " ".join(self.keys)


class AnswerSheet:
    """What is asked of a person and, once he has sent it, what he answers."""

    def __init__(self, asked: InputRequest, sent: QueryDict | None = None) -> None:
        content = asked.content
        schema = content["schema"]
        self.outcomes = _choices(content["outcomes"])
        self.primary = primary(content["outcomes"])
        self.digest = asked.digest
        self.sent = sent
        given = sent or QueryDict()
        self.outcome = given.get("outcome", "")
        self.reason = with_plain_lines(given.get("reason", ""))
        self.idempotency_key = _key(given.get("idempotency_key", ""))
        fields = None if schema and schema.get("x-choices") else schema
        self.form: AnswerForm = answer_form(fields, content["proposed"], sent)
        self.refused: list[Problem] = []

    @property
    def reason_is_for(self) -> list[str]:
        """The outcomes that need a reason, by their labels."""
        return [each.label for each in self.outcomes if each.needs_reason]

    @property
    def reason_problem(self) -> str:
        chosen = self._chosen
        if chosen is None or not chosen.needs_reason or self.reason.strip():
            return ""
        return f"Please give a reason for “{chosen.label}”."

    @property
    def problems(self) -> list[Problem]:
        """All that must be corrected, in the order of the page."""
        if self.sent is None:
            return []
        found = [*self.form.problems, *self.refused]
        if self.reason_problem:
            found.append(Problem("id_reason", "Reason", self.reason_problem))
        if self._chosen is None:
            found.append(Problem("outcomes", "", "Choose one of the buttons."))
        return found

    @property
    def outcome_label(self) -> str:
        return self._chosen.label if self._chosen else ""

    def answer(self, user: User) -> Answer:
        """The answer as the handler takes it, bound to what the person was shown."""
        return Answer(
            value=self.form.answer,
            outcome=self.outcome,
            reason=self.reason,
            user=user,
            door="browser",
            digest=self.sent.get("digest", "") if self.sent else "",
            idempotency_key=self.idempotency_key,
            undo=0,
        )

    def refuse(self, messages: Sequence[str]) -> None:
        """Add what the engine objected to."""
        self.refused += [Problem("answer", "", message) for message in messages]

    @property
    def typed(self) -> str:
        """All that a person typed, as text that he can take elsewhere."""
        kept = [
            f"{self.form[each.place.name].label}: {self._shown(each.place.name)}"
            for each in self.form.answer_fields
            if not isinstance(each, FixedField | SecretField)
        ]
        reason = [f"Reason: {self.reason}"] if self.reason else []
        return "\n".join([*kept, *reason])

    def _shown(self, name: str) -> str:
        value = self.form[name].value()
        if isinstance(value, bool):
            return "Yes" if value else "No"
        return ", ".join(value) if isinstance(value, list) else str(value or "")

    @property
    def _chosen(self) -> Choice | None:
        return next((each for each in self.outcomes if each.key == self.outcome), None)


def _choices(outcomes: Sequence[dict[str, Any]]) -> list[Choice]:
    return [
        Choice(
            key=each["key"],
            label=each["label"],
            style=each["style"],
            needs_reason=each["needs_reason"],
            keys=_shortcuts(number, each["key"]),
        )
        for number, each in enumerate(outcomes, start=1)
    ]


def _shortcuts(number: int, outcome: str) -> tuple[str, ...]:
    """Its place in the order, and a letter for the two outcomes that all know."""
    place = (str(number),) if number <= MOST_KEYS else ()
    letter = (SHORTCUTS[outcome],) if outcome in SHORTCUTS else ()
    return place + letter


def _key(sent: str) -> str:
    """The key of this sheet: the one that came back, or a new one."""
    try:
        return str(UUID(sent))
    except ValueError:
        return str(uuid4())
