"""People, clients who are signed in as them, and a queue of jobs with nothing in it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client


def _person(name: str, *groups: str, is_staff: bool = False) -> User:
    user = User.objects.create_user(name, is_staff=is_staff)  # nobody types a password
    for group in groups:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and mostly waits: journeys, conformance."""
    items.sort(key=lambda item: "conformance" not in item.path.parts)
    items.sort(key=lambda item: "journeys" not in item.path.parts)


@pytest.fixture
def ada(db: None) -> User:
    """Reviews."""
    return _person("ada", "reviewers")


@pytest.fixture
def bob(db: None) -> User:
    """Reviews too."""
    return _person("bob", "reviewers")


@pytest.fixture
def dana(db: None) -> User:
    """Leads the reviewers."""
    return _person("dana", "leads")


@pytest.fixture
def eve(db: None) -> User:
    """May see nothing."""
    return _person("eve")


@pytest.fixture
def olga(db: None) -> User:
    """Operates: sees every run, answers nothing."""
    return _person("olga", "operators", is_staff=True)


@pytest.fixture
def root(db: None) -> User:
    """Administers."""
    return User.objects.create_superuser("root")


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Make people: `person("mia", "managers")`."""
    return _person


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """Make clients: `signed_in(ada).get(…)`."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def no_jobs(db: None) -> None:
    """Tests with real workers leave jobs, and Django does not know of their table."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pgqueuer")
