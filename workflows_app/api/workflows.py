"""Workflows: what can be started here, and with what."""

from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from workflows_app import access
from workflows_app.engine.definition import Definition
from workflows_app.models import Scope
from workflows_app.runtime.definitions import current_definitions, get_definition

from .bearer import user_of
from .errors import not_found
from .routes import get

router = Router(tags=["workflows"])


class WorkflowReply(BaseModel):
    """A workflow in the version that some worker offered last."""

    name: str
    version: str
    description: str
    input_schema: dict[str, Any] | None = Field(
        description="JSON Schema of the input; none: any object."
    )
    steps: list[str]

    @classmethod
    def of(cls, definition: Definition) -> "WorkflowReply":
        schema = definition.input_schema
        return cls(
            name=definition.name,
            version=definition.version,
            description=definition.description,
            input_schema=None if schema is None else dict(schema),
            steps=[step.name for step in definition.steps],
        )


class WorkflowList(BaseModel):
    """All workflows that can be started."""

    items: list[WorkflowReply]


@get(router, "/workflows", Scope.READ, Scope.START, returns=WorkflowList)
def list_workflows(request: HttpRequest) -> WorkflowList:
    """What can be started here; for those who may start runs."""
    if not access.may_start(user_of(request)):
        raise not_found()
    digests = current_definitions().values_list("digest", flat=True)
    definitions = [get_definition(digest) for digest in digests]
    return WorkflowList(items=list(map(WorkflowReply.of, definitions)))
