"""Slack shows requests as they are: whatever changes one makes its messages due."""

from . import jobs
from .run_row import RunRow
from .statements import execute, slack


def show(run: RunRow) -> None:
    """In the transition's own transaction. What is shown is read when it is sent."""
    changed = run.touched | set(run.ids.values())
    parameters = {
        "run": run.id,
        "root": run.root_id,
        "requests": list(changed),
        "kind": slack.KIND,
        "now": run.now,
    }
    due = execute(slack.SHOW, parameters).fetchall()
    jobs.defer_messages([row[0] for row in due])
