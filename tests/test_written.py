"""Queries that are written once: what they bring is what Django would bring."""

import pytest
from django.contrib.auth.models import User
from django.db.models import Model

from tests.factories import make_request, make_run
from tests.flows import approval
from workflows_app import access
from workflows_app.models import InputRequest, Run
from workflows_app.written import Text

pytestmark = pytest.mark.django_db


def fields_of(row: Model) -> dict[str, object]:
    return {each.attname: getattr(row, each.attname) for each in row._meta.fields}


@pytest.mark.parametrize("is_started_by_somebody", [True, False])
def test_a_request_comes_with_its_run_and_who_started_it(
    ada: User, bob: User, *, is_started_by_somebody: bool
) -> None:
    asked = make_request()
    Run.objects.filter(pk=asked.run_id).update(
        started_by=bob if is_started_by_somebody else None, tags={"order": ["ü", 7]}
    )

    found = access.get_request(ada, asked.pk)

    assert fields_of(found) == fields_of(InputRequest.objects.get(pk=asked.pk))
    assert found.run.get_deferred_fields() == {"input", "result"}
    assert fields_of(found.run) == fields_of(Run.objects.get(pk=asked.run_id))
    assert found.run.tags == {"order": ["ü", 7]}
    starter = found.run.started_by
    assert (fields_of(starter) if starter else None) == (
        fields_of(User.objects.get(pk=bob.pk)) if is_started_by_somebody else None
    )


def test_it_is_asked_about_other_rows_in_the_same_words() -> None:
    first, second = make_run(approval), make_run(approval)
    runs = Text.of(Run.objects.filter(pk=first.pk).values_list("pk"))

    there = runs.about({first.pk: second.pk})

    assert there.sql == runs.sql
    assert (runs.read(), there.read()) == ([(first.pk,)], [(second.pk,)])


def test_where_there_can_be_nothing_nothing_is_found() -> None:
    assert Text.of(Run.objects.none()).read() == []
