"""Requests by the names that their authors gave them, and how they have ended."""

from uuid import UUID

from workflows_app.engine.errors import (
    AlreadyAnsweredError,
    EngineError,
    RequestExpiredError,
    RunFinishedError,
    UnknownRequestError,
)
from workflows_app.models import InputRequest, InputResponse, Run


def find_request(run_id: UUID, request_id: str) -> InputRequest | None:
    """The request of this name in the run's tree, whatever has become of it."""
    root = Run.objects.filter(pk=run_id).values("root_id")
    return InputRequest.objects.filter(root_id__in=root, request_id=request_id).first()


def get_request(run_id: UUID, request_id: str) -> InputRequest:
    asked = find_request(run_id, request_id) if request_id.isprintable() else None
    if asked is None:
        raise UnknownRequestError(f"The run asks nothing called {request_id!r:.80}.")
    return asked


def find_end(asked: InputRequest) -> EngineError | None:
    """Why a request takes no answer any more; None while it does."""
    match asked.status:
        case InputRequest.Status.EXPIRED:
            return RequestExpiredError()
        case InputRequest.Status.WITHDRAWN if asked.run.is_finished:
            return RunFinishedError(asked.run.status)
        case InputRequest.Status.DECIDED | InputRequest.Status.ANSWERED:
            return _already(asked.responses.get(decides=True, withdrawn_at=None))
        case _:
            return None


def _already(standing: InputResponse) -> AlreadyAnsweredError:
    return AlreadyAnsweredError(
        standing.responder, standing.at.timestamp(), standing.outcome, standing.value
    )
