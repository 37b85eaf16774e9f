"""The people of the demo: who they are, and how they sign in."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group, User

from workflows_app.access import OPERATORS
from workflows_app.roles import LEADS, REVIEWERS

from .demo_json import Login


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the demo."""

    name: str
    group: str = ""
    is_staff: bool = False
    is_superuser: bool = False


PEOPLE = [
    Person("ada", REVIEWERS),
    Person("bob", REVIEWERS),
    Person("dana", LEADS),
    Person("olga", OPERATORS, is_staff=True),
    Person("root", is_staff=True, is_superuser=True),
]


def load_people(known: Mapping[str, str]) -> list[Login]:
    """Make whoever is missing. A password changes only if nobody knows it any more."""
    return [_load(person, known.get(person.name)) for person in PEOPLE]


def _load(person: Person, known: str | None) -> Login:
    rights = {"is_staff": person.is_staff, "is_superuser": person.is_superuser}
    user, is_new = User.objects.get_or_create(username=person.name, defaults=rights)
    password = known or secrets.token_urlsafe(9)
    if is_new or known is None:
        user.set_password(password)
        user.save(update_fields=["password"])
    if is_new and person.group:
        user.groups.add(Group.objects.get(name=person.group))
    names = [person.group] if person.group else []
    return Login(name=person.name, password=password, groups=names)
