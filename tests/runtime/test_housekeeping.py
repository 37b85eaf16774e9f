"""What is not kept for ever goes by itself, in small portions."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from workflows_app.models import Delivery, SlackPress, SlackWorkspace, Source
from workflows_app.runtime.worker import housekeeping
from workflows_app.runtime.worker.housekeeping import tidy

pytestmark = pytest.mark.django_db


def received(days_ago: float) -> Delivery:
    source, _ = Source.objects.get_or_create(name="bank", secrets=["s"])
    at = timezone.now() - timedelta(days=days_ago)
    return Delivery.objects.create(
        source=source, delivery_id=str(uuid4()), body=b"{}", received_at=at
    )


def test_old_deliveries_are_dropped_and_others_kept() -> None:
    received(91)
    kept = received(89)

    tidy()

    assert list(Delivery.objects.all()) == [kept]


def test_old_presses_in_slack_are_dropped_and_others_kept() -> None:
    workspace = SlackWorkspace.objects.create(name="acme")
    _, kept = [
        SlackPress.objects.create(
            workspace=workspace,
            digest=str(days),
            pressed_at=timezone.now() - timedelta(days=days),
        )
        for days in (91, 89)
    ]

    tidy()

    assert list(SlackPress.objects.all()) == [kept]


def test_the_setting_says_how_old(settings: LazySettings) -> None:
    settings.DELIVERIES_KEPT = 7
    received(8)
    kept = received(6)

    tidy()

    assert list(Delivery.objects.all()) == [kept]


def test_many_go_in_portions_and_the_rest_at_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "MOST_BATCHES", 2)
    for _ in range(5):
        received(100)

    tidy()
    assert Delivery.objects.count() == 1

    tidy()
    assert not Delivery.objects.exists()
