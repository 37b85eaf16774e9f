"""The groups that every installation has, made after each `migrate`."""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.db.models import Max

from .access import OPERATORS

REVIEWERS = "reviewers"
LEADS = "leads"
ROLES = (REVIEWERS, LEADS, OPERATORS)

EDITABLE = ("source", "receiver", "message", "slackchannel")
"""What operators look after in the admin site; everything else they only see."""

_newest_before: dict[str, int] = {}
"""For each database that is being migrated, the newest permission it had before."""


def note_permissions(*, using: str, **_: Any) -> None:
    """Before `migrate`: what comes later is new, and was taken from nobody."""
    if Permission._meta.db_table in connections[using].introspection.table_names():  # noqa: SLF001
        newest = Permission.objects.using(using).aggregate(newest=Max("pk"))["newest"]
        _newest_before[using] = newest or 0


def make_roles(*, using: str, **migrated: Any) -> None:
    """Make the groups that are missing, and let operators look after what is new.

    What an administrator has changed is kept.
    """
    create_permissions(migrated["app_config"], verbosity=0, using=using)
    for name in ROLES:
        group, is_new = Group.objects.using(using).get_or_create(name=name)
        known = 0 if is_new else _newest_before.get(using)
        if name == OPERATORS and known is not None:
            group.permissions.add(*_for_operators(using, known))


def _for_operators(using: str, known: int) -> list[Permission]:
    """What operators may do in the admin site, of the permissions after a known one."""
    ours = Permission.objects.using(using).filter(pk__gt=known)
    ours = ours.filter(content_type__app_label="workflows_app")
    acts = [f"{act}_{name}" for act in ("add", "change") for name in EDITABLE]
    return [
        *ours.filter(codename__startswith="view_"),
        *ours.filter(codename__in=acts),
    ]
