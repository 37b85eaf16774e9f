"""Who is told of what happens here, and what became of it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from workflows_app.models import Channel, Kind, Message, Receiver
from workflows_app.models.receiver import told_by_default
from workflows_app.notify.addresses import CallbackUrlError, check_url
from workflows_app.notify.outbox import MOST_RESENT, resend
from workflows_app.notify.signing import BadSecretError, check_secret, make_secret
from workflows_app.runtime.occasions import DELEGATED

from .base import (
    RUN_TEXTS,
    OperatedAdmin,
    ReadOnlyAdmin,
    RunWorkflowFilter,
    SecretAdmin,
    shortened,
)


class ReceiverForm(forms.ModelForm):  # type: ignore[type-arg]  # it cannot be subscripted at run time
    """A receiver to whom callbacks may go."""

    kinds = forms.MultipleChoiceField(
        label="Told when",
        choices=Kind.choices,
        initial=told_by_default,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            check_url(url, settings.CALLBACK_HOSTS, settings.CALLBACK_HTTP)
        except CallbackUrlError as error:
            advice = "HOLDPOINT_CALLBACK_HOSTS names the hosts that are."
            raise forms.ValidationError(f"{error} {advice}") from error
        return url

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"]
        try:
            check_secret(secret)
        except BadSecretError as error:
            raise forms.ValidationError(str(error)) from error
        return secret


@admin.register(Receiver)
class ReceiverAdmin(SecretAdmin, OperatedAdmin):
    """Addresses that are called back when something happens."""

    form = ReceiverForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    secret_fields = ("secret",)
    list_display = ("name", "url", "kinds", "workflows", "token", "is_active")
    list_select_related = ("token",)
    list_filter = ("is_active",)
    search_fields = ("name", "url")
    fields = ("name", "url", "secret", "kinds", "workflows", "token", "is_active")
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receiver]:
        """Receivers of other channels have pages of their own."""
        return super().get_queryset(request).filter(channel=Channel.CALLBACK)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        return {"secret": make_secret(), **initial}


class KindFilter(admin.SimpleListFilter):
    """By what is told; runs end in several ways."""

    title = "kind"
    parameter_name = "told"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in (*Kind.values, DELEGATED)]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Message]
    ) -> QuerySet[Message]:
        kind = self.value()
        if kind == Kind.RUN_FINISHED:
            return queryset.filter(request=None)
        return queryset.filter(kind=kind) if kind else queryset


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What leaves the house, until it has arrived."""

    run_path = "run"
    deferred = (
        "body",
        "request__shown",
        "request__policy",
        *(f"run__{text}" for text in RUN_TEXTS),
    )
    list_display = (
        "created_at",
        "kind",
        "channel",
        "to",
        "request",
        "status",
        "last_reply",
        "attempts",
        "run",
        "due_at",
        "delivered_at",
    )
    list_select_related = ("receiver", "person", "request", "run")
    list_filter = (
        "status",
        "channel",
        KindFilter,
        "receiver",
        RunWorkflowFilter,
        "created_at",
    )
    search_fields = ("id__endswith", "last_reply__icontains")
    search_help_text = "The end of an id, or a part of the last reply"
    actions = ("send_again",)
    fields = (
        ("id", "kind", "occurrence"),
        ("channel", "receiver", "person"),
        ("run", "request"),
        ("status", "attempts"),
        ("created_at", "due_at", "delivered_at"),
        "last_reply",
        "body_text",
    )

    @admin.display(description="body")
    def body_text(self, message: Message) -> str:
        return shortened(message.body)

    def view_on_site(self, message: Message) -> str:
        return f"/runs/{message.run_id}/"

    @admin.action(description="Send again", permissions=["operate"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        chosen = list(queryset.values_list("pk", flat=True)[:MOST_RESENT])
        text = f"{resend(chosen)} will be sent again, under the same ids."
        self.message_user(request, text, messages.SUCCESS)
