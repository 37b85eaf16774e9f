"""Where people reach what is here: for links that leave the house."""

from uuid import UUID

from django.conf import settings


def page_of_request(pk: UUID) -> str:
    """The page of a request; empty when nobody has said where people reach us."""
    base = settings.PUBLIC_URL
    return f"{base}/requests/{pk}/" if base else ""
