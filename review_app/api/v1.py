"""Version 1 of the API: its routes, and its description."""

from ninja import NinjaAPI

from workflows_app.api import (
    all_events,
    answers,
    deliveries,
    events,
    messages,
    requests,
    snapshots,
    together,
    workers,
    workflows,
)
from workflows_app.api.errors import handle_errors
from workflows_app.api.json_reply import JsonRenderer
from workflows_app.api.strict_body import StrictParser

from . import (
    comparing,
    dashboard,
    decisions,
    drafts,
    history,
    preferences,
    queue,
    run_list,
    saved_views,
    snoozes,
)

DESCRIPTION = """\
Everything that reviewers and operators can do, for programs. A token acts for a person:
it sees what he may see, and does what he may do, within its scopes.

Errors have one form, `{"error": {"code", "message", "path", "details"}}`. Every POST
takes an `Idempotency-Key`. Lists are read page by page, with the `next` of the page
before as `cursor`. See docs/api.md.
"""

api = NinjaAPI(
    title="Holdpoint",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    urls_namespace="api",
    parser=StrictParser(),
    renderer=JsonRenderer(),
)
handle_errors(api)
ROOMS = (
    run_list,
    events,
    all_events,
    snapshots,
    comparing,
    requests,
    answers,
    together,
    workflows,
    workers,
    deliveries,
    messages,
    queue,
    snoozes,
    saved_views,
    drafts,
    history,
    preferences,
    dashboard,
    decisions,
)
for room in ROOMS:
    api.add_router("", room.router)
