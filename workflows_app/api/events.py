"""The log of a run, as it comes, and events that are sent into the run."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router
from pydantic import BaseModel

from workflows_app import access
from workflows_app.models import Run, Scope
from workflows_app.runtime.sending import Sending, send
from workflows_app.stream import log
from workflows_app.stream.log import Line

from .bearer import user_of
from .errors import ApiError
from .event_stream import BEGIN, EVENT_STREAM, as_body, frame
from .found import get_run, get_run_to_operate
from .inputs import EventGiven, Limit, Number, Wait
from .once import DOOR, apply_once
from .routes import get, post
from .run_shapes import EventPage, RunReply
from .waiting import NewLines, Stream, wish

router = Router(tags=["runs"])
MOST_BYTES = 1_048_576
MOST_STREAMED = 500

STREAMED = {
    "responses": {
        200: {
            "content": {
                EVENT_STREAM: {
                    "schema": {
                        "type": "string",
                        "description": "Each line as an event; its id is its number.",
                    }
                }
            }
        },
        204: {"description": "As a stream: the run is over, and nothing follows."},
    }
}


class EventFilters(BaseModel):
    """Which lines of a log, and how long to wait for the first of them."""

    after: Number = 0
    limit: Limit = 100
    wait: Wait = 0


@get(
    router,
    "/runs/{uuid:run_id}/events",
    Scope.READ,
    returns=EventPage,
    extra=STREAMED,
)
def list_events(
    request: HttpRequest,
    run_id: UUID,
    wanted: Query[EventFilters],
    last_event_id: Annotated[str, Header()] = "",
) -> EventPage | HttpResponse:
    """The lines of a run's log above a number.

    With `wait`, the reply comes as soon as there is one, at the latest after so many
    seconds. With `Accept: text/event-stream` they come as server-sent events until the
    run is over; `Last-Event-ID` is where to go on.
    """
    run = get_run(user_of(request), run_id)
    if request.accepts(EVENT_STREAM) and not request.accepts("application/json"):
        return _stream(request, run, _number(last_event_id, wanted.after))
    after = wanted.after
    lines = log.read(run.pk, after=after, most=wanted.limit, size=MOST_BYTES)
    if not lines and wanted.wait and not run.is_finished:
        wish(request, NewLines(run.pk, after, wanted.wait))
    last = lines[-1].number if lines else after
    return EventPage(
        items=list(map(as_body, lines)),  # type: ignore[arg-type]  # pydantic reads it
        next=last,
        is_over=_is_over(run, lines, last),
    )


@post(
    router,
    "/runs/{uuid:run_id}/events",
    Scope.START,
    Scope.OPERATE,
    returns=RunReply,
    errors=(404, 409, 422),
)
def send_event(request: HttpRequest, run_id: UUID, given: EventGiven) -> HttpResponse:
    """Send an event into the run, of a type that its workflow takes from outside.

    For who may operate the run. Sent twice without a key, it arrives twice.
    """
    user = user_of(request)
    get_run_to_operate(user, run_id)
    sending = Sending(
        event_type=given.type,
        fields=given.fields,
        sender=access.responder(user),
        door=DOOR,
    )
    return apply_once(
        request,
        lambda: send(run_id, sending),
        lambda: RunReply.of(get_run(user, run_id)),
    )


def _is_over(run: Run, lines: Sequence[Line], last: int) -> bool:
    return bool(lines and lines[-1].is_last) or (
        run.is_finished and last >= run.last_number
    )


def _stream(request: HttpRequest, run: Run, after: int) -> HttpResponse:
    """The beginning of the stream; the server goes on with it, if it can wait."""
    lines = log.read(run.pk, after=after, most=MOST_STREAMED)
    if not lines and run.is_finished:
        return HttpResponse(status=204)
    last = lines[-1].number if lines else after
    wish(request, Stream(run.pk, last))
    text = BEGIN + "".join(map(frame, lines))
    response = HttpResponse(text, content_type=EVENT_STREAM)
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # a proxy in front must not hold it back
    return response


def _number(last_event_id: str, after: int) -> int:
    if not last_event_id:
        return after
    digits = last_event_id.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):  # noqa: PLR2004
        message = "Last-Event-ID is the number of a line."
        raise ApiError(400, "invalid_input", message, path=["Last-Event-ID"])
    return int(digits)
