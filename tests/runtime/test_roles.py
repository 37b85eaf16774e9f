"""The groups that `migrate` makes, and what it leaves of them to administrators."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management.sql import (
    emit_post_migrate_signal,
    emit_pre_migrate_signal,
)

pytestmark = pytest.mark.django_db

SOURCES = ("view_source", "add_source", "change_source")


def migrate() -> None:
    """What `migrate` tells the apps, before and after."""
    for emit in (emit_pre_migrate_signal, emit_post_migrate_signal):
        emit(0, interactive=False, db="default")


def held() -> set[str]:
    operators = Group.objects.get(name="operators")
    return set(operators.permissions.values_list("codename", flat=True))


def test_operators_get_the_rights_of_their_pages_in_the_admin_site() -> None:
    Group.objects.filter(name="operators").delete()

    migrate()

    models = apps.get_app_config("workflows_app").get_models()
    assert {f"view_{each._meta.model_name}" for each in models} <= held()
    assert set(SOURCES) <= held()
    assert "delete_source" not in held()


def test_what_an_administrator_took_from_operators_stays_taken() -> None:
    gone = Permission.objects.get(codename="change_source")
    Group.objects.get(name="operators").permissions.remove(gone)

    migrate()

    assert "change_source" not in held()


def test_what_a_new_version_brings_operators_may_look_after() -> None:
    gone = Permission.objects.get(codename="change_receiver")
    Group.objects.get(name="operators").permissions.remove(gone)
    Permission.objects.filter(codename__in=SOURCES).delete()  # of an older version

    migrate()

    assert set(SOURCES) <= held()
    assert "change_receiver" not in held()
