"""An answer as JSON, typed into the form of its request as a person would, and read back.

So drafts of programs and of people are the same drafts.
"""

from datetime import datetime
from typing import Any

from django.http import QueryDict

from review_app.answer_sheet import AnswerSheet
from review_app.forms import answer_form
from review_app.models import Draft
from review_app.schema_form.fields import AnswerField, RemoveField
from review_app.schema_form.place import Path
from review_app.schema_form.proposed import controls_of
from workflows_app.api.errors import ApiError
from workflows_app.models import InputRequest


def type_in(asked: InputRequest, value: Any, reason: str) -> QueryDict:
    """What a browser would send. Without a value, what is proposed stays."""
    form = AnswerSheet(asked).form
    wanted = answer_form(
        form.schema, asked.content["proposed"] if value is None else value
    )
    filled = {each.place.name: each for each in wanted.answer_fields}
    typed = QueryDict(mutable=True)
    for field in form.answer_fields:
        controls = _controls(field, filled.get(field.place.name))
        typed.setlist(form.add_prefix(field.place.name), list[Any](controls))
    typed["reason"] = reason
    return typed


def read(asked: InputRequest, draft: Draft) -> AnswerSheet:
    """A draft as it would be if it were sent now."""
    return AnswerSheet(asked, AnswerSheet(asked, draft=draft).given)


def check_holds(held: Any, value: Any) -> None:
    """Raise ApiError where a draft does not hold what it was to hold."""
    lost = _find_lost(value, held)
    if lost is not None:
        message = "The form has no place for this, or it is secret and never kept."
        raise ApiError(422, "not_in_form", message, path=["response", *lost])


def _controls(field: AnswerField, filled: AnswerField | None) -> list[str]:
    """What a field of the page holds for the value with which the other was made."""
    if isinstance(field, RemoveField):
        return [] if filled else ["on"]
    is_said = filled is not None and filled.place.is_proposed
    return controls_of(field, filled.initial if filled and is_said else None)


def _find_lost(value: Any, held: Any) -> Path | None:
    """Where something is said that the form does not hold; it may say more.

    An empty form says something, too: no to a checkbox, and what is fixed.
    """
    if value is None:
        return None
    if isinstance(value, dict) and isinstance(held, dict):
        pairs: list[tuple[str | int, Any, Any]] = [
            (name, each, held.get(name)) for name, each in value.items()
        ]
    elif isinstance(value, list) and isinstance(held, list) and len(value) == len(held):
        pairs = [(i, *both) for i, both in enumerate(zip(value, held, strict=True))]
    else:
        return None if _are_same(value, held) else ()
    for step, each, its in pairs:
        lost = _find_lost(each, its)
        if lost is not None:
            return (step, *lost)
    return None


def _are_same(value: Any, held: Any) -> bool:
    """The same scalar, or the same moment in other words."""
    if type(value) is type(held) and value == held:
        return True
    if not (isinstance(value, str) and isinstance(held, str)):
        return False
    try:
        return datetime.fromisoformat(value) == datetime.fromisoformat(held)
    except ValueError:
        return False
