"""Sources of webhooks: who may send, how it signs, and what comes of it."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from workflows_app.intake.sources import Reply, take_in
from workflows_app.intake.trying import show_body, try_out
from workflows_app.models import Delivery, Source

from .base import ActingAdmin, link
from .samples import as_message, samples_for
from .source_forms import SampleForm, SecretForm, SourceForm, TryForm, find_problems

MOST_TRIED = 25
"""Deliveries, the newest, on which a mapping can be tried out."""

SENDER = ("scheme", "known_secrets", "header", "prefix", "encoding", "id_header")


@admin.register(Source)
class SourceAdmin(ActingAdmin):
    """Who may send webhooks, and what comes of them."""

    form = SourceForm
    acts = {
        "sample": "Send sample",
        "trial": "Try the mapping",
        "rotate": "Rotate the secret",
        "retire": "Retire the old secret",
    }
    list_display = ("name", "mode", "scheme", "action", "workflow", "groups")
    list_filter = ("mode", "scheme", "action")
    search_fields = ("name", "workflow")
    readonly_fields = ("address", "known_secrets", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "address", "mode", "created_at")}),
        (
            "Who sends",
            {
                "fields": SENDER,
                "description": (
                    "The header fields are for an HMAC or a token alone; the other "
                    "schemes know theirs."
                ),
            },
        ),
        ("What comes of it", {"fields": ("action", "workflow", "mapping", "groups")}),
        ("Limits", {"fields": ("rate", "max_bytes")}),
    )
    view_on_site = False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A source that is being added gets its secret here, and has no address yet."""
        if obj is not None:
            return self.fieldsets
        return [
            (title, {**options, "fields": _fields_of_new(options["fields"])})
            for title, options in self.fieldsets
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        secret = SecretForm(Source()).initial["secret"]
        return {"secret": secret, "mode": Source.Mode.TRIAL, **initial}

    def save_model(
        self, request: HttpRequest, obj: Source, form: Any, change: bool
    ) -> None:
        if not change:
            obj.secrets = [form.cleaned_data["secret"]]
        super().save_model(request, obj, form, change)

    @admin.display(description="address")
    def address(self, source: Source) -> str:
        return f"/hooks/{source.name}/"

    @admin.display(description="secrets")
    def known_secrets(self, source: Source) -> str:
        """How many there are, and enough of each to know it again."""
        ends = [f"…{secret[-4:]}" for secret in source.secrets]
        return ", then ".join(ends) or "none: nothing is taken in"

    # Verbs

    def sample(self, request: HttpRequest, source: Source) -> HttpResponse:
        """Take in a sample as if the source had sent it."""
        samples = samples_for(source)
        form = SampleForm(samples, request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self.page(request, "sample", source, form=form)
        reply = take_in(as_message(source, samples[form.cleaned_data["sample"]]))
        self._tell(request, reply)
        return self.back_to(source)

    def trial(self, request: HttpRequest, source: Source) -> HttpResponse:
        """Try a mapping out on a delivery that was kept; save it when it is good."""
        offered = _offer(source, request.GET.get("delivery", ""))
        if not offered:
            return self.page(request, "trial", source)
        form = TryForm(source, offered, request.POST or None)
        if form.is_valid():
            return self._try(request, source, form)
        body = show_body(offered[0])
        return self.page(request, "trial", source, form=form, body=body)

    def _try(self, request: HttpRequest, source: Source, form: TryForm) -> HttpResponse:
        source.mapping = form.cleaned_data["mapping"]
        delivery = form.cleaned_data["delivery"]
        delivery.source = source
        context = {
            "misfits": find_problems(source),
            "trial": try_out(delivery),
            "body": show_body(delivery),
        }
        if "save" in request.POST and not context["misfits"]:
            return self._save_mapping(request, source)
        return self.page(request, "trial", source, form=form, **context)

    def rotate(self, request: HttpRequest, source: Source) -> HttpResponse:
        """Let a new secret count beside the present one."""
        form = SecretForm(source, request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self.page(request, "rotate", source, form=form)
        source.secrets = [*source.secrets[-1:], form.cleaned_data["secret"]]
        self._save_secrets(request, source, "Added a secret.")
        text = "The new secret counts. Retire the old one when nobody signs with it."
        self.message_user(request, text, messages.SUCCESS)
        return self.back_to(source)

    def retire(self, request: HttpRequest, source: Source) -> HttpResponse:
        """Let the old secret count no more."""
        if request.method != "POST" or len(source.secrets) < 2:  # noqa: PLR2004
            return self.page(request, "retire", source)
        source.secrets = source.secrets[-1:]
        self._save_secrets(request, source, "Retired the old secret.")
        self.message_user(request, "Only the new secret counts.", messages.SUCCESS)
        return self.back_to(source)

    def _save_secrets(self, request: HttpRequest, source: Source, what: str) -> None:
        source.save(update_fields=["secrets"])
        self.log_change(request, source, what)

    def _save_mapping(self, request: HttpRequest, source: Source) -> HttpResponse:
        source.save(update_fields=["mapping"])
        self.log_change(request, source, "Changed the mapping.")
        self.message_user(request, "The mapping was saved.", messages.SUCCESS)
        return self.back_to(source)

    def _tell(self, request: HttpRequest, reply: Reply) -> None:
        delivery = reply.delivery
        if delivery.detail:
            text = f"The sample was {delivery.get_result_display()}: {delivery.detail}"
            self.message_user(request, text, messages.ERROR)
        elif delivery.run_id is None:
            self.message_user(request, "The sample was kept.", messages.SUCCESS)
        else:
            run = link(f"/runs/{delivery.run_id}/", f"run {str(delivery.run_id)[-8:]}")
            what = delivery.get_result_display()
            text = format_html("The sample was taken in: it {} ({}).", what, run)
            self.message_user(request, text, messages.SUCCESS)


def _fields_of_new(fields: Any) -> list[str]:
    named = ["secret" if name == "known_secrets" else name for name in fields]
    return [name for name in named if name not in SourceAdmin.readonly_fields]


def _offer(source: Source, wanted: str) -> list[Delivery]:
    """The newest deliveries, before them the one that is wanted."""
    kept = source.deliveries.select_related("source").defer("body")
    newest = list(kept.order_by("-received_at", "-id")[:MOST_TRIED])
    first = [d for d in newest if str(d.pk) == wanted] or _find(kept, wanted)
    return [*first, *(d for d in newest if d not in first)]


def _find(kept: QuerySet[Delivery], wanted: str) -> list[Delivery]:
    try:
        return list(kept.filter(pk=UUID(wanted)))
    except ValueError:
        return []
