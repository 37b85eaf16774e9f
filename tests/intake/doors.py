"""Posts to the intake as each scheme's sender does."""

import json
from collections.abc import Callable
from time import time
from typing import Any

from django.test import Client

from tests.intake import signing
from workflows_app.engine.workflow import Workflow
from workflows_app.models import Source
from workflows_app.runtime.definitions import publish

Sign = Callable[..., dict[str, str]]

SIGN: dict[str, Sign] = {
    "github": signing.github,
    "standard": lambda body: signing.standard(body, now=now(), name=_name(body)),
    "slack": lambda body: signing.slack(body, now()),
    "stripe": lambda body: signing.stripe(body, now()),
    "hmac": lambda body: {"X-Signature": signing.plain(body)["X-Signature"]},
    "bearer": lambda body: signing.bearer("a-token-of-some-length"),
}
SECRETS = {"standard": signing.STANDARD_SECRET, "bearer": "a-token-of-some-length"}
HOWS: dict[str, dict[str, Any]] = {
    "hmac": {"header": "X-Signature", "prefix": "sha256="}
}


def make_source(
    workflow: Workflow | str,
    scheme: str = "hmac",
    *,
    mapping: Any = None,
    **fields: Any,
) -> Source:
    """A source by the name of its scheme, for a workflow that some worker offers."""
    if isinstance(workflow, Workflow):
        publish(workflow.definition)
        workflow = workflow.name
    known = {
        "name": scheme,
        "secrets": [SECRETS.get(scheme, signing.SECRET)],
        "mapping": json.dumps(mapping) if mapping is not None else "",
        **HOWS.get(scheme, {}),
    }
    return Source.objects.create(scheme=scheme, workflow=workflow, **known | fields)


def post(scheme: str, body: bytes | Any, **headers: str) -> Any:
    """Send a body, or a value as JSON, signed as the scheme wants it."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    signed = SIGN[scheme](body) | {n.replace("_", "-"): v for n, v in headers.items()}
    return Client().post(
        f"/hooks/{scheme}/", body, content_type="application/json", headers=signed
    )


def now() -> int:
    return int(time())


def _name(body: bytes) -> str:
    return f"msg_{hash(body)}"
