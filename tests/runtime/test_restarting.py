"""A run once more from its beginning."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from tests import flows
from tests.factories import make_run, run_steps, start_run
from workflows_app.engine import StartEvent, StopEvent, Workflow, step
from workflows_app.engine.emission import as_request
from workflows_app.engine.errors import IncompatibleSnapshotError, ValidationError
from workflows_app.engine.events import InputRequestEvent
from workflows_app.models import Run
from workflows_app.runtime import external
from workflows_app.runtime.restarting import restart

pytestmark = pytest.mark.django_db


class Priced(StartEvent):
    """An input that JSON alone could not keep."""

    price: Decimal
    at_most: int = 3


@step
def double(ctx: object, ev: Priced) -> StopEvent:
    """Give twice the price."""
    return StopEvent(result=ev.price * 2)


pricing = Workflow("pricing", [double], groups=("shop",))


def test_it_has_the_same_input_exactly_and_says_where_it_comes_from(olga: User) -> None:
    first = make_run(pricing, price=Decimal("0.10"))
    again = run_steps(restart(first, olga))
    assert again.pk != first.pk
    assert (again.input, again.result) == (first.input, first.result)
    assert (again.forked_from, again.resumed_from) == (first.pk, None)
    assert again.groups == ["shop"]


def test_it_counts_as_started_by_the_same_person_and_tells_who_wanted_it(
    ada: User, olga: User
) -> None:
    again = Run.objects.get(pk=restart(make_run(user=ada), olga))
    assert again.started_by == ada
    assert again.tags == {"restarted_by": "olga"}


def test_a_run_that_no_person_started_is_started_by_who_restarts_it(olga: User) -> None:
    assert Run.objects.get(pk=restart(make_run(), olga)).started_by == olga


def test_another_version_takes_its_own_input_or_says_why_not(olga: User) -> None:
    first = make_run(flows.approval, subject="Old")
    older = first.definition
    older.digest = "0" * 64
    older.save(force_insert=True)
    Run.objects.filter(pk=first.pk).update(definition=older)
    first.refresh_from_db()
    assert run_steps(restart(first, olga)).status == "waiting"
    first.input = '{"subject": "Old", "colour": "red"}'
    with pytest.raises(ValidationError, match="colour"):
        restart(first, olga)


def test_a_question_from_elsewhere_cannot_be_asked_again_here(olga: User) -> None:
    run = external.ask(as_request(InputRequestEvent("q", "Yes?")))
    with pytest.raises(IncompatibleSnapshotError):
        restart(Run.objects.get(pk=run), olga)


def test_a_workflow_that_is_gone_cannot_begin_again(olga: User) -> None:
    run = Run.objects.get(pk=start_run())
    run.workflow = "never-written"
    with pytest.raises(IncompatibleSnapshotError, match="never-written"):
        restart(run, olga)
