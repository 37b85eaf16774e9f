"""API tokens: who made them for whom, what for, and which still count."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import MinValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from workflows_app.api import tokens
from workflows_app.models import ApiToken, Scope

from .base import OperatedAdmin

SHOWN = "_shown_once"


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # it cannot be subscripted at run time
    """A token that can be used for something."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {scope.label}") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
    )
    rate = forms.IntegerField(
        initial=600,
        validators=[MinValueValidator(1)],
        help_text="Requests a minute, in each web process.",
    )


@admin.register(ApiToken)
class ApiTokenAdmin(OperatedAdmin):
    """Made by administrators alone: a token acts for whomever they choose."""

    form = TokenForm
    list_display = ("name", "user", "listed_scopes", "state", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("revoked_at", "expires_at")
    search_fields = ("name", "user__username")
    autocomplete_fields = ("user",)
    fields = ("name", "user", "scopes", "rate", "expires_at")
    actions = ("revoke_tokens",)
    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was started with a token goes on naming it; revoke it instead."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A token never changes the person for whom it acts."""
        return [] if obj is None else ["user"]

    @admin.display(description="scopes")
    def listed_scopes(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        if token.revoked_at is not None:
            return "revoked"
        is_over = token.expires_at is not None and token.expires_at <= timezone.now()
        return "expired" if is_over else "counts"

    def save_model(
        self, request: HttpRequest, obj: ApiToken, form: Any, change: bool
    ) -> None:
        """A new one gets its text, which is kept nowhere."""
        if not change:
            text = tokens.make_text()
            obj.token_hash = tokens.hash_of(text)
            setattr(request, SHOWN, text)
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show it once; not by a message, which the browser would keep."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The new token",
            "opts": self.opts,
            "token": obj,
            "text": getattr(request, SHOWN),
        }
        template = "admin/workflows_app/apitoken/shown_once.html"
        response = TemplateResponse(request, template, context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description="Revoke selected tokens", permissions=["operate"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        count = tokens.revoke(list(queryset.values_list("pk", flat=True)))
        self.message_user(request, f"{count} revoked.", messages.SUCCESS)
