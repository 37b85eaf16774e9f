"""Starting a run from a form that the workflow's own input gives."""

import uuid

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from review_app.forms import AnswerForm, answer_form
from workflows_app import access
from workflows_app.engine.definition import Definition
from workflows_app.engine.errors import SerializationError, ValidationError
from workflows_app.runtime import starting
from workflows_app.runtime.definitions import (
    current_definitions,
    find_current,
    get_definition,
)

from .account import signed_in
from .decision import SeeOther
from .queue import reader

ANYTHING = {"type": "object", "title": "Input"}
"""What a workflow takes that does not say: one box for a JSON object."""


@require_safe
@signed_in
def choose(request: HttpRequest) -> HttpResponse:
    """List the workflows that can be started."""
    _check_may_start(request)
    digests = current_definitions().values_list("digest", flat=True)
    context = {"definitions": [get_definition(digest) for digest in digests]}
    return render(request, "review/choose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def start(request: HttpRequest, workflow: str) -> HttpResponse:
    """Show the form; start a run by POST, one for each form however often it comes."""
    _check_may_start(request)
    definition = None if "\0" in workflow else find_current(workflow)
    if definition is None:
        raise Http404("There is no such workflow.")
    schema = definition.input_schema
    data = request.POST if request.method == "POST" else None
    if schema is None:
        form = answer_form(ANYTHING, proposed={}, data=data)
    else:
        form = answer_form(dict(schema), data=data)
    key = _key(request.POST.get("key", ""))
    if data is not None and form.is_valid():
        run_id = _start(definition, form, reader(request), key)
        if run_id is not None:
            return SeeOther(reverse("review:run", args=[run_id]))
        key = _key("")  # the old one may have started a run with another input
    context = {"definition": definition, "form": form, "key": key}
    status = 422 if form.is_bound else 200
    return render(request, "review/start.html", context, status=status)


def _start(
    definition: Definition, form: AnswerForm, user: User, key: uuid.UUID
) -> uuid.UUID | None:
    """The run of this form; None when its input was not taken, and the form says why."""
    try:
        event = starting.start_event(definition, form.answer)
        wanted = starting.Start(
            event=event, started_by=user, idempotency_key=f"form:{user.pk}:{key}"
        )
        return starting.start(definition, wanted)
    except (ValidationError, SerializationError) as refusal:
        form.add_error(None, str(refusal))
        return None


def _key(text: str) -> uuid.UUID:
    """The key of a form: a second press starts nothing. A new one for a new form."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()


def _check_may_start(request: HttpRequest) -> None:
    if not access.may_start(request.user):
        raise Http404("There is nothing here for you.")
