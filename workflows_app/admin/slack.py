"""Slack: which channels are told, who its members are here, and what became of it."""

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from workflows_app.models import (
    SlackCard,
    SlackChannel,
    SlackIdentity,
    SlackPress,
    SlackWorkspace,
)
from workflows_app.notify.outbox import resend
from workflows_app.notify.slack import cards
from workflows_app.notify.slack.trying import try_out

from .base import RUN_TEXTS, OperatedAdmin, ReadOnlyAdmin, SecretAdmin

MOST_TRIED = 5
"""Channels that one action may try: each may take some seconds."""

MOST_SENT = 200

LARGE = (
    "request__shown",
    "request__policy",
    *(f"request__run__{text}" for text in RUN_TEXTS),
)
"""What no list shows, and may be megabytes."""


class OfAdministrators(OperatedAdmin):
    """Whoever can write these could answer as somebody else; operators only look."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)


@admin.register(SlackWorkspace)
class SlackWorkspaceAdmin(SecretAdmin, OfAdministrators):
    """Who knows the signing secret can press buttons as anybody."""

    secret_fields = ("bot_token", "signing_secret")
    list_display = ("name", "team_id", "matches_email", "is_active", "paused_until")
    list_filter = ("is_active", "matches_email")
    search_fields = ("name", "team_id")
    readonly_fields = ("paused_until",)
    fields = (
        "name",
        "team_id",
        "bot_token",
        "signing_secret",
        "matches_email",
        "is_active",
        "paused_until",
    )


@admin.register(SlackChannel)
class SlackChannelAdmin(OperatedAdmin):
    """Which channel is told of what."""

    list_display = (
        "name",
        "workspace",
        "conversation",
        "workflows",
        "groups",
        "is_active",
    )
    list_select_related = ("workspace",)
    list_filter = ("is_active", "workspace")
    search_fields = ("name", "conversation")
    fields = ("name", "workspace", "conversation", "workflows", "groups", "is_active")
    actions = ("send_test",)

    @admin.action(description="Send a test message", permissions=["operate"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[SlackChannel]) -> None:
        """One after the other, and say of each how it went."""
        for channel in queryset.select_related("workspace")[:MOST_TRIED]:
            problem = async_to_sync(try_out)(channel)
            if problem:
                text = f"{channel}: {problem}"
                self.message_user(request, text, messages.ERROR)
            else:
                text = f"{channel}: the test message is there."
                self.message_user(request, text, messages.SUCCESS)


@admin.register(SlackIdentity)
class SlackIdentityAdmin(OfAdministrators):
    """Who a member of Slack is here: he answers with the rights of that user."""

    list_display = ("slack_user", "team_id", "user", "matched_by", "created_at")
    list_select_related = ("user",)
    list_filter = ("matched_by", "team_id")
    search_fields = ("slack_user", "user__username")
    autocomplete_fields = ("user",)
    readonly_fields = ("matched_by", "created_at")
    fields = ("team_id", "slack_user", "user", "matched_by", "created_at")


@admin.register(SlackCard)
class SlackCardAdmin(ReadOnlyAdmin):
    """What each channel sees of each request."""

    run_path = "request__run"
    deferred = LARGE
    list_display = ("request", "channel", "shown", "posted_at", "tried_at", "ts")
    list_select_related = ("request", "channel")
    list_filter = (
        "channel",
        "shown",
        ("tried_at", admin.EmptyFieldListFilter),
        "posted_at",
    )
    search_fields = ("ts", "request__subject__icontains")
    search_help_text = "A timestamp, or a part of the subject"
    actions = ("bring_up_to_date", "post_anew")
    fields = (
        ("request", "channel"),
        ("shown", "ts"),
        ("posted_at", "tried_at"),
        ("busy_until", "turn"),
    )

    def view_on_site(self, card: SlackCard) -> str:
        return f"/requests/{card.request_id}/"

    @admin.action(description="Bring selected up to date", permissions=["operate"])
    def bring_up_to_date(
        self, request: HttpRequest, queryset: QuerySet[SlackCard]
    ) -> None:
        chosen = list(queryset.values_list("pk", flat=True)[:MOST_SENT])
        count = resend(cards.outbox_of(chosen))
        self.message_user(request, f"{count} will be looked at.", messages.SUCCESS)

    @admin.action(
        description="Post selected anew, as they may be there twice then",
        permissions=["operate"],
    )
    def post_anew(self, request: HttpRequest, queryset: QuerySet[SlackCard]) -> None:
        """For what somebody deleted in Slack, or what nobody knows the fate of."""
        chosen = list(queryset.values_list("pk", flat=True)[:MOST_SENT])
        cards.forget(chosen)
        count = resend(cards.outbox_of(chosen))
        self.message_user(request, f"{count} will be posted anew.", messages.SUCCESS)


@admin.register(SlackPress)
class SlackPressAdmin(ReadOnlyAdmin):
    """Which buttons were pressed, by whom, and what came of it."""

    run_path = "request__run"
    deferred = LARGE
    list_display = (
        "pressed_at",
        "slack_user",
        "user",
        "outcome",
        "result",
        "request",
        "is_told",
    )
    list_select_related = ("user", "request")
    list_filter = ("result", "workspace", "is_told", "pressed_at")
    search_fields = ("slack_user", "user__username", "told__icontains")
    search_help_text = "A member ID, a user's name, or a part of what was told"
    fields = (
        ("pressed_at", "workspace"),
        ("slack_user", "team_id", "user"),
        ("request", "outcome"),
        "result",
        ("told", "is_told"),
        "digest",
    )
