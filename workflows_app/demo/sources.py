"""Who sends webhooks to the demo, and who is told when its runs end."""

import secrets

from workflows_app.models import Receiver, Source
from workflows_app.notify.signing import make_secret

from .demo_json import Sender

SOURCE = "github"
RECEIVER = "demo"
RECEIVER_PATH = "/demo/receiver/"


def load_source() -> Sender:
    """The source as it is: whoever changed its secret in the admin site meant it."""
    source, _ = Source.objects.get_or_create(
        name=SOURCE,
        defaults={
            "scheme": Source.Scheme.GITHUB,
            "secrets": [secrets.token_urlsafe(32)],
            "workflow": "release-gate",
            "groups": ["reviewers", "leads"],
        },
    )
    return Sender(
        name=source.name,
        scheme=source.scheme,
        secret=source.secrets[-1] if source.secrets else "",
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
