"""Sources of webhooks, and what came from them."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows_app.engine.errors import ValidationError
from workflows_app.intake.signatures import BadSignatureError
from workflows_app.intake.sources import WorkflowUnavailableError, receive
from workflows_app.models import Delivery, Source

from .base import (
    RUN_TEXTS,
    OperatedAdmin,
    ReadOnlyAdmin,
    RunWorkflowFilter,
    SecretAdmin,
    link,
    shortened,
    workflow_names,
)
from .samples import Sample, samples_for, sign

SHORTEST_SECRET = 16


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]  # it cannot be subscripted at run time
    """A source that can be what it says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "workflow" in self.fields:
            names = sorted({*workflow_names(), self.instance.workflow} - {""})
            self.fields["workflow"] = forms.ChoiceField(
                choices=[(name, name) for name in names],
                help_text="Those that a worker has offered so far.",
            )

    def clean_secrets(self) -> list[str]:
        given: list[str] = self.cleaned_data["secrets"]
        if any(len(secret) < SHORTEST_SECRET for secret in given):
            raise forms.ValidationError(
                f"A secret has at least {SHORTEST_SECRET} characters."
            )
        return given


class SampleForm(forms.Form):
    """Which sample is sent."""

    sample = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, samples: dict[str, Sample], *args: Any) -> None:
        super().__init__(*args)
        field = self.fields["sample"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(event, event) for event in samples]
        field.initial = next(iter(samples))


@admin.register(Source)
class SourceAdmin(SecretAdmin, OperatedAdmin):
    """Who may send webhooks, and what they start."""

    form = SourceForm
    secret_fields = ("secrets",)
    list_display = ("name", "scheme", "workflow", "groups", "is_active")
    list_filter = ("is_active", "scheme")
    search_fields = ("name", "workflow")
    fields = (
        "name",
        "address",
        "scheme",
        "secrets",
        "workflow",
        "groups",
        "is_active",
        "created_at",
    )
    readonly_fields = ("address", "created_at")
    view_on_site = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A source that is being added has no address and no date yet."""
        fields = super().get_fields(request, obj)
        if obj is not None:
            return fields
        return [name for name in fields if name not in self.readonly_fields]

    @admin.display(description="address")
    def address(self, source: Source) -> str:
        return f"/hooks/{source.name}/" if source.name else "-"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        return {"secrets": secrets.token_hex(32), **initial}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.send_sample)
        name = "workflows_app_source_sample"
        return [path("<path:object_id>/sample/", view, name=name), *super().get_urls()]

    def send_sample(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take in a sample as if the source had sent it, signature and all."""
        source = self._get_source(request, object_id)
        samples = samples_for(source)
        form = SampleForm(samples, request.POST if request.method == "POST" else None)
        if form.is_valid():
            self._take_in(request, source, samples[form.cleaned_data["sample"]])
            page = reverse("admin:workflows_app_source_change", args=[source.pk])
            return HttpResponseRedirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": "Send sample",
            "opts": self.opts,
            "source": source,
            "form": form,
        }
        template = "admin/workflows_app/source/send_sample.html"
        return TemplateResponse(request, template, context)

    def _get_source(self, request: HttpRequest, object_id: str) -> Source:
        if not self.has_operate_permission(request):
            raise PermissionDenied
        source = self.get_object(request, object_id)
        if not isinstance(source, Source):
            raise Http404
        if not self.has_view_or_change_permission(request, source):
            raise PermissionDenied
        return source

    def _take_in(self, request: HttpRequest, source: Source, sample: Sample) -> None:
        message = sign(source, sample)
        try:
            receipt = receive(source, message.headers, message.body)
        except (BadSignatureError, ValidationError, WorkflowUnavailableError) as error:
            text = str(error) or str(error.__doc__)
            self.message_user(request, f"Not taken in: {text}", messages.ERROR)
        else:
            run = link(f"/runs/{receipt.run_id}/", f"run {str(receipt.run_id)[-8:]}")
            text = format_html("The sample was taken in and started {}.", run)
            self.message_user(request, text, messages.SUCCESS)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was taken in, byte for byte."""

    run_path = "run"
    deferred = ("body", *(f"run__{text}" for text in RUN_TEXTS))
    list_display = (
        "received_at",
        "source",
        "event",
        "delivery_id",
        "page",
        "times_received",
        "conflicts",
    )
    list_select_related = ("source", "run")
    list_filter = ("source", "received_at", RunWorkflowFilter)
    search_fields = ("delivery_id__istartswith", "body_digest__startswith")
    search_help_text = "The beginning of a delivery's id or of its body's SHA-256"
    fields = (
        ("source", "event", "delivery_id"),
        ("run", "page"),
        ("received_at", "times_received", "conflicts"),
        "body_digest",
        "body_text",
    )

    @admin.display(description="run")
    def page(self, delivery: Delivery) -> SafeString:
        return link(f"/runs/{delivery.run_id}/", delivery.run.short_id)

    @admin.display(description="body")
    def body_text(self, delivery: Delivery) -> str:
        return shortened(bytes(delivery.body).decode(errors="replace"))

    def view_on_site(self, delivery: Delivery) -> str:
        return f"/runs/{delivery.run_id}/"
