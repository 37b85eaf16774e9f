"""The fields of an answer, asked for one after the other, as the form plans them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from django import forms
from django.http import QueryDict

from review_app.forms import AnswerForm
from review_app.schema_form.choice_fields import ChoiceField, ChoicesField
from review_app.schema_form.fields import (
    AnswerField,
    CheckboxField,
    FixedField,
    LinesField,
    SecretField,
    SuggestField,
)
from review_app.schema_form.group import Group, ItemList, Node
from review_app.schema_form.map_field import MapField
from review_app.schema_form.proposed import controls_of
from review_app.schema_form.variants import Variants

from .prompt import Option, Prompt

MakeForm: TypeAlias = Callable[[QueryDict | None], AnswerForm]


class Fields:
    """Asks for each field until the page would have nothing to object to at it.

    What is typed goes into `sent`, as a browser would send it; at first what is proposed.
    `make_form` reads it as the page does.
    """

    def __init__(self, make_form: MakeForm, sent: QueryDict, prompt: Prompt) -> None:
        self._make_form, self._sent, self._prompt = make_form, sent, prompt
        form = make_form(None)
        self._plan = form.plan
        for field in form.answer_fields:
            self._keep(field, controls_of(field, field.initial))

    def ask(self) -> None:
        if self._plan is not None:
            self._ask(self._plan)

    def _ask(self, node: Node) -> None:
        match node:
            case AnswerField():
                self._ask_field(node)
            case ItemList():
                self._ask_items(node)
            case Variants():
                self._head(node.place.label)
                for part in self._live_parts(node):
                    self._ask(part)
            case _:
                assert isinstance(node, Group)
                if node.place.path or node.is_section:
                    self._head(node.title)
                for member in node.members:
                    self._ask(member)

    def _head(self, title: str) -> None:
        self._prompt.screen.say(title, "bold")

    def _live_parts(self, node: Variants) -> Iterator[Node]:
        """The form is chosen first; only its own fields are asked for then."""
        yield node.chooser
        yield from node.parts(self._read())[1:]

    def _ask_items(self, node: ItemList) -> None:
        """Those that are there, each of which can be taken off; then as many new ones."""
        self._head(node.place.label)
        for item in node.items:
            if item.remove is not None:
                self._ask(item.group)
                self._ask_field(item.remove)
            elif self._prompt.yes(f"Add one to “{node.place.label}”?", now=False):
                self._ask(item.group)
            else:
                return

    def _ask_field(self, field: AnswerField) -> None:
        if field.help_text:
            self._prompt.screen.say(str(field.help_text), "dim")
        while True:
            self._keep(field, self._typed(field, self._now(field)))
            messages = [str(each) for each in self._objections(field)]
            for message in messages:
                self._prompt.objection(message)
            if not messages:
                return

    def _typed(self, field: AnswerField, now: list[str]) -> list[str]:
        """What somebody typed for a field, as a browser would send it."""
        first = now[0] if now else ""
        match field:
            case FixedField():
                self._prompt.screen.say(f"{field.label}: {first}")
                return now
            case CheckboxField():
                is_checked = self._prompt.yes(_label(field), now=bool(now))
                return ["on"] if is_checked else []
            case ChoicesField():
                return self._prompt.several(_label(field), _options(field), now)
            case _:
                return [self._typed_one(field, first)]

    def _typed_one(self, field: AnswerField, now: str) -> str:
        label = _label(field)
        match field:
            case SecretField():
                return self._prompt.secret(label)
            case ChoiceField():
                return self._prompt.one(label, _options(field), now)
            case LinesField() | MapField():
                return self._prompt.lines(label, now)
            case _:
                return self._text(field, label, now)

    def _text(self, field: AnswerField, label: str, now: str) -> str:
        """What is long is shown as a whole before it is asked for."""
        if isinstance(field, SuggestField):
            known = ", ".join(field.suggestions)
            self._prompt.screen.say(f"For example: {known}", "dim")
        if isinstance(field.widget, forms.Textarea):
            self._prompt.screen.say(now, indent=True)
            label = f"{label} (\\e opens your editor)"
        return self._prompt.text(label, now)

    def _keep(self, field: AnswerField, controls: list[str]) -> None:
        self._sent.setlist(_name(field), list[Any](controls))

    def _now(self, field: AnswerField) -> list[str]:
        return [str(each) for each in self._sent.getlist(_name(field))]

    def _objections(self, field: AnswerField) -> Iterable[Any]:
        found: Iterable[Any] = self._form.errors.get(field.place.name, ())
        return found

    @property
    def _form(self) -> AnswerForm:
        return self._make_form(self._sent)

    def _read(self) -> dict[str, Any]:
        form = self._form
        form.is_valid()
        return form.read


def _name(field: AnswerField) -> str:
    return f"{AnswerForm.prefix}-{field.place.name}"


def _label(field: AnswerField) -> str:
    return f"{field.label} in {field.unit}" if field.unit else str(field.label)


def _options(field: ChoiceField | ChoicesField) -> list[Option]:
    return [Option(key, choice.label) for key, choice in field.choices.items()]
