"""The groups that every installation has, made after each `migrate`."""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from .access import OPERATORS

REVIEWERS = "reviewers"
LEADS = "leads"
ROLES = (REVIEWERS, LEADS, OPERATORS)

EDITABLE = ("source", "receiver", "message", "slackchannel")
"""What operators look after in the admin site; everything else they only see."""


def make_roles(**migrated: Any) -> None:
    """Make the groups that are missing; what an administrator changed is kept."""
    create_permissions(migrated["app_config"], verbosity=0)
    for name in ROLES:
        group, is_new = Group.objects.get_or_create(name=name)
        if is_new and name == OPERATORS:
            group.permissions.add(*_for_operators())


def _for_operators() -> list[Permission]:
    ours = Permission.objects.filter(content_type__app_label="workflows_app")
    acts = [f"{act}_{name}" for act in ("add", "change") for name in EDITABLE]
    return [
        *ours.filter(codename__startswith="view_"),
        *ours.filter(codename__in=acts),
    ]
