"""The runs that the demo begins with."""

from threading import Event

import pytest

from tests.factories import run_steps
from workflows_app.demo import samples
from workflows_app.demo.demo_json import Demo
from workflows_app.flows.expense import expense
from workflows_app.flows.message_review import message_review
from workflows_app.flows.public_notice import public_notice
from workflows_app.flows.refund import refund
from workflows_app.flows.release_gate import release_gate
from workflows_app.models import InputRequest, Run, Source
from workflows_app.runtime.definitions import publish

FLOWS = [expense, message_review, public_notice, refund, release_gate]


@pytest.fixture
def offered(db: None) -> None:
    """A worker has said that it runs the workflows."""
    for flow in FLOWS:
        publish(flow.definition)


def test_there_are_samples_of_every_workflow() -> None:
    workflows = [sample.workflow for sample in samples.samples()]

    assert {name: workflows.count(name) for name in set(workflows)} == {
        "expense": 3,
        "message-review": 3,
        "public-notice": 1,
        "refund": 3,
        "release-gate": 4,
    }


def test_sample_runs_are_started_once(demo: Demo, offered: None) -> None:
    assert samples.start_sample_runs() == 14
    assert samples.start_sample_runs() == 0
    assert Run.objects.count() == 14


def test_sample_runs_fill_the_queue(demo: Demo, offered: None) -> None:
    samples.start_sample_runs()
    for run in Run.objects.all():
        run_steps(run.pk)

    assert set(InputRequest.objects.values_list("subject", flat=True)) == {
        "Deploy ferry-api (7c1f0be) to production",
        "Release harbour-site v4.2.0: published",
        "ferry-api#618 opened: Retry a card payment once when the bank is silent",
        "Workflow Nightly end-to-end of harbour-site: failure",
        "Reply to Rosalind Achterberg (email)",
        "Reply to Dmitri Vassallo (chat)",
        "Reply to Yolanda Featherstonehaugh (letter)",
        "Expenses of Mia Lindqvist: 240.15 EUR",
        "Expenses of Tomás Ferreira: 88.78 EUR",
        "Expenses of 佐藤 優希: 189.50 EUR",
        "Public notice: The night boat runs again",
        "Refund 184.50 EUR for order LQ-20931",
        "Budget for a refund of 184.50 EUR",
        "Refund 1260.00 GBP for order LQ-20977",
        "Budget for a refund of 1260.00 GBP",
    }
    assert Run.objects.get(status="completed").idempotency_key == "demo-small-coffee"


def test_sample_deliveries_belong_to_the_source(demo: Demo, offered: None) -> None:
    samples.start_sample_runs()
    run = Run.objects.get(idempotency_key="demo-release")

    assert run.source == Source.objects.get(name="github")
    assert {"reviewers", "leads"} <= set(run.groups)


def test_nothing_is_started_while_no_worker_offers_the_workflows(demo: Demo) -> None:
    stopped = Event()
    stopped.set()

    assert samples.start_sample_runs(stopped) == 0
    assert not Run.objects.exists()
