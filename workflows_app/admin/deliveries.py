"""Deliveries: what came from sources, what came of it, and trying it again."""

import json

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from workflows_app.intake.replaying import replay
from workflows_app.intake.trying import try_out
from workflows_app.models import Delivery

from .base import (
    RUN_TEXTS,
    ActingAdmin,
    ReadOnlyAdmin,
    RunWorkflowFilter,
    link,
    shortened,
)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin, ActingAdmin):
    """What was taken in, byte for byte, and what came of it."""

    acts = {"replay": "Replay"}
    run_path = "run"
    deferred = (
        "body",
        *(f"run__{text}" for text in RUN_TEXTS),
        "request__shown",
        "request__policy",
    )
    list_display = (
        "received_at",
        "source",
        "result",
        "page_of",
        "event",
        "delivery_id",
        "status",
        "times_received",
        "conflicts",
    )
    list_select_related = ("source", "run", "request")
    list_filter = ("result", "source", "received_at", RunWorkflowFilter)
    search_fields = ("delivery_id__istartswith", "body_digest__startswith")
    search_help_text = "The beginning of a delivery's id or of its body's SHA-256"
    fields = (
        ("source", "event", "delivery_id"),
        ("result", "status", "detail"),
        ("run", "request", "page_of"),
        ("received_at", "times_received", "conflicts"),
        "reply_text",
        "headers_text",
        "body_digest",
        "body_text",
    )

    @admin.display(description="page")
    def page_of(self, delivery: Delivery) -> SafeString | str:
        if delivery.request is not None:
            return link(f"/requests/{delivery.request_id}/", delivery.request.subject)
        if delivery.run is None:
            return "-"
        return link(f"/runs/{delivery.run_id}/", delivery.run.short_id)

    @admin.display(description="body")
    def body_text(self, delivery: Delivery) -> str:
        return shortened(bytes(delivery.body).decode(errors="replace"))

    @admin.display(description="reply")
    def reply_text(self, delivery: Delivery) -> str:
        return json.dumps(delivery.told, indent=2) if delivery.reply else "-"

    @admin.display(description="headers")
    def headers_text(self, delivery: Delivery) -> str:
        return "\n".join(f"{name}: {text}" for name, text in delivery.headers.items())

    def view_on_site(self, delivery: Delivery) -> str | None:
        return f"/runs/{delivery.run_id}/" if delivery.run_id else None

    def replay(self, request: HttpRequest, delivery: Delivery) -> HttpResponse:
        """Let come of a delivery now what its source wants; for those that came to nothing."""
        may_replay = delivery.source.is_on and not delivery.is_done
        if request.method != "POST" or not may_replay:
            trial = None if delivery.is_done else try_out(delivery)
            return self.page(request, "replay", delivery, trial=trial)
        done = replay(delivery, request.user.get_username())
        what = done.get_result_display()
        self.log_change(request, delivery, f"Replayed: {what}. {done.detail}".strip())
        level = messages.SUCCESS if done.is_done else messages.ERROR
        self.message_user(request, f"Replayed: it {what}. {done.detail}", level)
        return self.back_to(delivery)
