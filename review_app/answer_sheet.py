"""The sheet on which a person answers: outcome, reason and the form of one request."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.http import QueryDict

from review_app.forms import AnswerForm, answer_form
from review_app.models import Draft
from review_app.schema_form.fields import (
    FixedField,
    SecretField,
    with_plain_lines,
)
from review_app.schema_form.rows import Problem
from workflows_app.engine.policy import BROWSER, primary
from workflows_app.models import AnswerLink, InputRequest
from workflows_app.runtime.handler import Answer
from workflows_app.shown.decisions import decided

SHORTCUTS = {"approve": "a", "reject": "r"}
MOST_KEYS = 9
OUTCOME, CONFIRMED, WORD = "outcome", "confirmed", "word-"
"""The names of what says how somebody decides, and that he means it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An outcome as a button; `keys` are those that press it.

    With `confirm` it is asked once more; a text is the word that must be typed then.
    """

    key: str
    label: str
    style: str
    needs_reason: bool
    confirm: bool | str
    effect: str
    keys: tuple[str, ...]

    @property
    def shortcuts(self) -> str:
        return " ".join(self.keys)

    @property
    def word(self) -> str:
        return self.confirm if isinstance(self.confirm, str) else ""


class AnswerSheet:
    """What is asked of a person and, once he has sent it, what he answers.

    Before that it may hold a draft: what he has typed already, unchecked.
    """

    def __init__(
        self,
        asked: InputRequest,
        sent: QueryDict | None = None,
        *,
        draft: Draft | None = None,
    ) -> None:
        self.asked = asked
        content = asked.content
        schema = content["schema"]
        self.outcomes = _choices(content["outcomes"])
        self.primary = primary(content["outcomes"])
        self.digest = asked.digest
        self.sent = sent
        self.saved_at: datetime | None = draft.saved_at if draft else None
        is_draft = draft is not None and not sent
        typed = QueryDict(draft.form, mutable=True) if draft and is_draft else sent
        self.given = given = typed or QueryDict()
        self.outcome = given.get(CONFIRMED) or given.get(OUTCOME, "")
        self.reason = with_plain_lines(given.get("reason", ""))
        self.idempotency_key = _key(given.get("idempotency_key", ""))
        fields = None if schema and schema.get("x-choices") else schema
        self.form: AnswerForm = answer_form(
            fields, content["proposed"], typed, is_draft=is_draft
        )
        if is_draft:
            _propose_what_was_not_kept(self.form, given)
        self.refused: list[Problem] = []

    @property
    def reason_is_for(self) -> list[str]:
        """The outcomes that need a reason, by their labels."""
        return [each.label for each in self.outcomes if each.needs_reason]

    @property
    def reason_problem(self) -> str:
        chosen = self.chosen
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
        if self.chosen is None:
            found.append(Problem("outcomes", "", "Choose one of the buttons."))
        return found

    @property
    def chosen(self) -> Choice | None:
        return next((each for each in self.outcomes if each.key == self.outcome), None)

    @property
    def outcome_label(self) -> str:
        return self.chosen.label if self.chosen else ""

    @property
    def done(self) -> str:
        """What he has done who chose it: "Approved"."""
        done = decided(self.outcome, self.outcome_label)
        return done[0].upper() + done[1:]

    @property
    def lacks_confirmation(self) -> bool:
        """Whether he must be asked once more: not yet, or not with the right word."""
        chosen = self.chosen
        if chosen is None or not chosen.confirm:
            return False
        is_confirmed = self.given.get(CONFIRMED) == chosen.key
        typed = self.given.get(f"{WORD}{chosen.key}", "").strip()
        return not is_confirmed or typed != chosen.word

    @property
    def word_problem(self) -> str:
        """What is wrong with a word that was typed to confirm."""
        is_wrong = CONFIRMED in self.given and self.lacks_confirmation
        word = self.chosen.word if self.chosen else ""
        return f"Type the word “{word}” to confirm." if is_wrong and word else ""

    @property
    def carried(self) -> Iterator[tuple[str, str]]:
        """All that was sent but for the choice, to be sent again with it."""
        for name, values in self.given.lists():
            is_choice = name in (OUTCOME, CONFIRMED) or name.startswith(WORD)
            if not is_choice and name != "csrfmiddlewaretoken":
                yield from ((name, str(value)) for value in values)

    def answer(
        self,
        user: User | None = None,
        *,
        link: AnswerLink | None = None,
        undo: float = 0,
        door: str = BROWSER,
    ) -> Answer:
        """The answer as the handler takes it, bound to what the person was shown.

        It is a user's, or that of a guest with a link. `undo` is for how long he wants
        to be able to take it back.
        """
        return Answer(
            value=self.form.answer,
            outcome=self.outcome,
            reason=self.reason,
            user=user,
            link=link,
            door="link" if link else door,
            digest=self.sent.get("digest", "") if self.sent else "",
            idempotency_key=self.idempotency_key,
            undo=undo,
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


def _choices(outcomes: Sequence[dict[str, Any]]) -> list[Choice]:
    return [
        Choice(
            key=each["key"],
            label=each["label"],
            style=each["style"],
            needs_reason=each["needs_reason"],
            confirm=each.get("confirm", False),
            effect=each.get("effect", ""),
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


def _propose_what_was_not_kept(form: AnswerForm, draft: QueryDict) -> None:
    """A box that holds secrets is in no draft; without this it would look emptied."""
    for name, field in form.fields.items():
        sent_as = form.add_prefix(name)
        is_missing = field.widget.value_omitted_from_data(draft, {}, sent_as)
        if is_missing and field.initial is not None:
            draft[sent_as] = field.initial
