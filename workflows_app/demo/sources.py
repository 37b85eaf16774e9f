"""Who sends webhooks to the demo, and who is told when its runs end."""

import secrets

from workflows_app.models import Receiver, Source
from workflows_app.notify.signing import make_secret

from .demo_json import Sender

SOURCE = "github"
DECISIONS = "decisions"
RECEIVER = "demo"
RECEIVER_PATH = "/demo/receiver/"

GROUPS = ["reviewers", "leads"]

DECIDE = """\
{
  "find": {"run": {"body": "/run_id"}, "request_id": {"body": "/request_id"}},
  "outcome": {"body": "/outcome"},
  "answer": {"object": {"note": {"body": "/note", "default": ""}}},
  "reason": {"body": "/reason", "default": ""}
}
"""
"""How another program lets a release pass: its message names the run and the question."""


def load_sources() -> list[Sender]:
    """The sources as they are: whoever changed one in the admin site meant it."""
    github, _ = Source.objects.get_or_create(
        name=SOURCE,
        defaults={
            "scheme": Source.Scheme.GITHUB,
            "secrets": [secrets.token_urlsafe(32)],
            "workflow": "release-gate",
            "groups": GROUPS,
        },
    )
    decisions, _ = Source.objects.get_or_create(
        name=DECISIONS,
        defaults={
            "scheme": Source.Scheme.STANDARD,
            "secrets": [make_secret()],
            "action": Source.Action.ANSWER,
            "workflow": "release-gate",
            "mapping": DECIDE,
        },
    )
    return [_as_sender(source) for source in (github, decisions)]


def _as_sender(source: Source) -> Sender:
    return Sender(
        name=source.name,
        scheme=source.scheme,
        secret=source.secrets[-1] if source.secrets else "",
        action=source.action,
        workflow=source.workflow,
    )


def load_receiver(url: str) -> None:
    """The demo tells itself; its address follows the port."""
    address = url.rstrip("/") + RECEIVER_PATH
    Receiver.objects.update_or_create(
        name=RECEIVER,
        defaults={"url": address},
        create_defaults={"url": address, "secret": make_secret()},
    )
