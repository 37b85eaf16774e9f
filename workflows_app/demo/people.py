"""The people of the demo: who they are, and what operators may do in the admin site."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission, User

from workflows_app.access import OPERATORS

from .demo_json import Login

GROUPS = ("reviewers", "leads", OPERATORS)
EDITABLE = ("source", "receiver", "callback")


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the demo."""

    name: str
    group: str = ""
    is_staff: bool = False
    is_superuser: bool = False


PEOPLE = [
    Person("ada", "reviewers"),
    Person("bob", "reviewers"),
    Person("dana", "leads"),
    Person("olga", OPERATORS, is_staff=True),
    Person("root", is_staff=True, is_superuser=True),
]


def load_people(known: Mapping[str, str]) -> list[Login]:
    """Make whoever is missing. A password changes only if nobody knows it any more."""
    groups = {name: Group.objects.get_or_create(name=name)[0] for name in GROUPS}
    _permit(groups[OPERATORS])
    return [_load(person, groups, known.get(person.name)) for person in PEOPLE]


def _load(person: Person, groups: Mapping[str, Group], known: str | None) -> Login:
    rights = {"is_staff": person.is_staff, "is_superuser": person.is_superuser}
    user, is_new = User.objects.get_or_create(username=person.name, defaults=rights)
    password = known or secrets.token_urlsafe(9)
    if is_new or known is None:
        user.set_password(password)
        user.save(update_fields=["password"])
    if is_new and person.group:
        user.groups.add(groups[person.group])
    names = [person.group] if person.group else []
    return Login(name=person.name, password=password, groups=names)


def _permit(operators: Group) -> None:
    """Operators see every table, and look after what comes in and goes out."""
    ours = Permission.objects.filter(content_type__app_label="workflows_app")
    operators.permissions.add(
        *ours.filter(codename__startswith="view_"),
        *ours.filter(
            codename__in=[
                f"{act}_{name}" for act in ("add", "change") for name in EDITABLE
            ]
        ),
    )
