"""Input requests as rows: for people in a table, for programs with tabs in between."""

from collections.abc import Sequence

from rich.table import Table

from review_app.templatetags.asked import ago, ahead
from workflows_app.models import InputRequest

from .screen import Screen, plain, table


def request_table(requests: Sequence[InputRequest]) -> Table:
    made = table("", "Subject", "Workflow", "Asked", "Due")
    for number, row in enumerate(requests, start=1):
        due = ahead(row.expires_at) if row.expires_at else ""
        subject = row.subject or "(no subject)"
        cells = (str(number), subject, row.workflow, ago(row.opened_at), due)
        made.add_row(*map(plain, cells))
    return made


def write_row(screen: Screen, asked: InputRequest) -> None:
    """A request for programs: id, workflow, when it was asked, until when, subject."""
    moments = (asked.opened_at, asked.expires_at)
    told = (each.isoformat(timespec="seconds") if each else "" for each in moments)
    screen.line([str(asked.pk), asked.workflow, *told, asked.subject])
