"""What a route is about, as far as its caller may see it and act on it."""

from uuid import UUID

from django.contrib.auth.models import User

from workflows_app import access
from workflows_app.models import InputRequest, Run, Snapshot

from .errors import not_found

HEAVY_RUN = ("state", "input", "result", "error")
HEAVY_REQUEST = ("shown", "policy")
"""What lists do not show, and leave where it is."""


def get_run(user: User, pk: UUID) -> Run:
    """Raises Run.DoesNotExist also for what the user may not see."""
    return (
        access.visible_runs(user).select_related("definition", "started_by").get(pk=pk)
    )


def get_run_to_operate(user: User, pk: UUID) -> Run:
    """The same for who may pause, resume and abort it; others see no such door."""
    run = get_run(user, pk)
    if not access.may_operate(user, run):
        raise not_found()
    return run


def get_request(user: User, pk: UUID) -> InputRequest:
    requests = access.visible_requests(user).select_related("run__started_by")
    return requests.get(pk=pk)


def get_snapshot(user: User, pk: UUID) -> Snapshot:
    """A snapshot holds all that a run has, so it is for who operates the run."""
    row = Snapshot.objects.select_related("run__started_by").get(pk=pk)
    get_run_to_operate(user, row.run_id)
    return row


def check_operator(user: User) -> None:
    if not access.is_operator(user):
        raise not_found()
