"""Definitions, kept by digest: they never change, so each is read once."""

from functools import lru_cache

from django.db.models import OuterRef, QuerySet, Subquery

from workflows_app.engine import registry
from workflows_app.engine.definition import Definition
from workflows_app.engine.errors import IncompatibleSnapshotError
from workflows_app.models import Definition as Row

from .statements import execute
from .statements.runs import KEEP_DEFINITION, PUBLISH_DEFINITION

EXTERNAL = Definition(
    name="external",
    version="1",
    steps=(),
    start_type="StartEvent",
    start_bases=("Event",),
    description="A question of a workflow that lives elsewhere.",
)
"""The workflow of requests without a run: it has no steps, its result is the decision."""


@lru_cache(maxsize=500)
def get_definition(digest: str) -> Definition:
    """Raises IncompatibleSnapshotError for what this database has never seen."""
    row = Row.objects.filter(pk=digest).first()
    if row is None:
        raise IncompatibleSnapshotError(f"There is no definition {digest} here.")
    return Definition.load(row.body)


def publish(definition: Definition) -> None:
    """Say that there is code for this definition; it becomes the current one."""
    execute(PUBLISH_DEFINITION, definition_row(definition))
    keep_children(definition)


def keep(definition: Definition) -> None:
    """Store the definition that a run is pinned to, if it is not there."""
    execute(KEEP_DEFINITION, definition_row(definition))
    keep_children(definition)


def keep_children(definition: Definition) -> None:
    """Store the definitions of the workflows that its steps run, as far as known here."""
    if any(step.subworkflow for step in definition.steps):
        workflow = registry.find_workflow(definition.name)
        for child in workflow.children if workflow else ():
            keep(child.definition)


def definition_row(definition: Definition) -> dict[str, str]:
    return {
        "digest": definition.digest,
        "name": definition.name,
        "version": definition.version,
        "body": definition.text,
    }


def current_definitions() -> QuerySet[Row]:
    """The latest definition of each workflow that some worker ever offered."""
    latest = Row.objects.filter(name=OuterRef("name")).order_by("-published_at")
    newest = Subquery(latest.values("digest")[:1])
    named = Row.objects.filter(digest=newest).exclude(name=EXTERNAL.name)
    return named.order_by("name")


def find_current(name: str) -> Definition | None:
    row = current_definitions().filter(name=name).first()
    return get_definition(row.digest) if row else None


def find_served(name: str) -> Definition | None:
    """What a run goes on with: the code of this process, else what a worker offers."""
    if name == EXTERNAL.name:
        return EXTERNAL
    workflow = registry.find_workflow(name)
    return workflow.definition if workflow else find_current(name)
