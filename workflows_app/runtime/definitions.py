"""Definitions, kept by digest: they never change, so each is read once."""

from functools import lru_cache

from django.db.models import OuterRef, QuerySet, Subquery

from workflows_app.engine.definition import Definition
from workflows_app.models import Definition as Row

from .statements import KEEP_DEFINITION, PUBLISH_DEFINITION, execute


@lru_cache(maxsize=500)
def get_definition(digest: str) -> Definition:
    return Definition.load(Row.objects.values_list("body", flat=True).get(pk=digest))


def publish(definition: Definition) -> None:
    """Say that there is code for this definition; it becomes the current one."""
    execute(PUBLISH_DEFINITION, definition_row(definition))


def keep(definition: Definition) -> None:
    """Store the definition that a run is pinned to, if it is not there."""
    execute(KEEP_DEFINITION, definition_row(definition))


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
    return Row.objects.filter(digest=newest).order_by("name")


def find_current(name: str) -> Definition | None:
    row = current_definitions().filter(name=name).first()
    return get_definition(row.digest) if row else None
