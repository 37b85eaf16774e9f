"""The form of an answer, made from the JSON Schema of what is asked."""

import json
from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict

from review_app.schema_form.fields import AnswerField, JsonField, LinesField
from review_app.schema_form.group import ItemList, Node, live_nodes
from review_app.schema_form.place import MISSING, Path, Place, humanised
from review_app.schema_form.plan import UNIONS, make_plan
from review_app.schema_form.rows import Problem, Row, field_problem, row_of
from review_app.schema_form.variants import MARK as KIND
from review_app.schema_form.variants import Variants
from workflows_app.engine.errors import ValidationError
from workflows_app.engine.schema import SchemaError, check_schema, find_errors

Schema = dict[str, Any] | bool

PREFIX = "answer"  # keeps fields apart from `outcome`, `reason` and the like


def answer_form(
    schema: Schema | None,
    proposed: Any = None,
    data: QueryDict | None = None,
    *,
    is_draft: bool = False,
) -> "AnswerForm":
    """Make the form for a schema, filled with a proposal, or with what was typed.

    A draft shows what was typed without checking it. No schema means no fields.
    """
    start = MISSING if proposed is None else _as_json(proposed)
    return AnswerForm(schema, start, data, is_draft=is_draft)


class AnswerForm(forms.Form):
    """Fields for a JSON value; `answer` is that value once the form is valid."""

    template_name = "review/_form.html"
    prefix = PREFIX
    use_required_attribute = False  # the server tells all that is missing at once

    def __init__(
        self,
        schema: Schema | None,
        start: Any,
        data: QueryDict | None,
        *,
        is_draft: bool,
    ) -> None:
        super().__init__(data)
        self.schema = schema
        self.is_draft = is_draft
        self._answer: Any = None
        self.read: dict[str, Any] = {}
        self.unusable = _why_unusable(schema)
        self.plan = self._plan(start)
        for each in () if self.plan is None else self.plan.fields:
            self.fields[each.place.name] = each

    @property
    def answer(self) -> Any:
        """What was sent, as a JSON value; it is checked before anybody sees it."""
        self.is_valid()
        return self._answer

    @property
    def answer_fields(self) -> list[AnswerField]:
        return [each for each in self.fields.values() if isinstance(each, AnswerField)]

    @property
    def is_complete(self) -> bool:
        """Whether every part has fields of its own, and none is a box of JSON."""
        return not any(isinstance(each, JsonField) for each in self.answer_fields)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """What the page shows, from top to bottom."""
        top = None if self.plan is None else row_of(self, self.plan)
        return () if top is None else top.rows or (top,)

    @property
    def edits(self) -> int:
        """How many of the proposed values are others now."""
        return sum(row.edits for row in self.rows)

    @property
    def problems(self) -> list[Problem]:
        """What the error summary says, in the order of the page."""
        general = [Problem(PREFIX, "", str(each)) for each in self.non_field_errors()]
        shown = [self[name] for name in self.fields]
        return [*general, *(field_problem(each) for each in shown if each.errors)]

    def full_clean(self) -> None:
        """Leave a draft unchecked."""
        if self.is_draft:
            self._errors = ErrorDict()
            self.cleaned_data = {}
        else:
            super().full_clean()

    def clean(self) -> dict[str, Any]:
        """Build the answer, and put each objection of the schema beside its field."""
        unread = set(self.errors)
        if self.unusable:
            self.add_error(None, self.unusable)
        elif self.schema is not None and self.plan is not None:
            self.read = dict(self.cleaned_data)  # add_error takes values away
            self._answer = self.plan.collect(self.read)
            for error in self._find_errors():
                self._show(error, unread)
        return self.cleaned_data

    def _plan(self, start: Any) -> Node | None:
        if self.schema is None:
            return None
        if self.unusable:
            return JsonField(Place((), {}, True, False, start))
        return make_plan(self.schema, start)

    def _find_errors(self) -> list[SchemaError]:
        """Check the answer; an answer with nothing in it may still be null."""
        assert self.schema is not None
        is_missing = self._answer is MISSING
        self._answer = None if is_missing else self._answer
        errors = find_errors(self.schema, self._answer)
        if errors and is_missing:
            return [SchemaError((), "Fill in this field.", "required")]
        return errors

    def _show(self, error: SchemaError, unread: set[str]) -> None:
        """Put an error beside the field that it is about, or above all of them."""
        path = self._to_page(error.path)
        inner = self._find_inner(error, path)
        for each in inner:
            self._show(each, unread)
        field = self._find_field(path)
        if inner:
            return
        if field is None:
            if not unread:  # else the object only lacks what could not be read
                self.add_error(None, _with_name(error))
        elif field.place.name not in unread:
            message = _with_place(error, field)
            if message not in self.errors.get(field.place.name, []):
                self.add_error(field.place.name, message)

    def _to_page(self, path: Path) -> Path:
        """Turn a path in the answer into one on the page, which has more items."""
        for each in self._live:
            if isinstance(each, ItemList):
                path = each.to_page(path, self.read)
        return path

    def _find_inner(self, error: SchemaError, path: Path) -> list[SchemaError]:
        """Say what is wrong with the form that was chosen for a value, not with all."""
        for each in self._live if error.kind in UNIONS else ():
            if isinstance(each, Variants) and each.place.path == path:
                value = _value_at(self._answer, error.path)
                found = each.find_errors(self.read, value)
                return [replace(e, path=(*error.path, *e.path)) for e in found]
        return []

    def _find_field(self, path: Path) -> AnswerField | None:
        """Find the field whose value holds a path, else where its form is chosen."""
        around = [
            each
            for each in self._live
            if isinstance(each, AnswerField)
            and each.place.path == path[: len(each.place.path)]
        ]
        values = [each for each in around if not each.place.mark]
        kinds = [each for each in around if each.place.mark == KIND]
        return next(iter([*values, *reversed(kinds)]), None)

    @property
    def _live(self) -> list[Node]:
        """The parts of the plan that count for what was read."""
        return [] if self.plan is None else list(live_nodes(self.plan, self.read))


def _why_unusable(schema: Schema | None) -> str:
    """Say why no answer can be checked against a schema; empty if one can."""
    try:
        check_schema(True if schema is None else schema)
    except ValidationError as error:
        return f"No answer can be accepted, because the form is broken. {error}"
    return ""


def _as_json(proposed: Any) -> Any:
    """Give a proposal as plain JSON; what cannot be written is not proposed."""
    try:
        text = json.dumps(proposed, ensure_ascii=False, default=str)
        text.encode()
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return MISSING


def _value_at(answer: Any, path: Path) -> Any:
    for step in path:
        answer = answer[step]
    return answer


def _with_name(error: SchemaError) -> str:
    if not error.path:
        return error.message
    return f"{humanised(str(error.path[-1]))}: {error.message}"


def _with_place(error: SchemaError, field: AnswerField) -> str:
    """Say where in a field an error is, when the field holds several values."""
    inside = error.path[len(field.place.path) :]
    if not inside:
        return error.message
    if isinstance(field, LinesField) and isinstance(inside[0], int):
        return f"Line {inside[0] + 1}: {error.message}"
    return f"At {'/'.join(map(str, inside))}: {error.message}"
