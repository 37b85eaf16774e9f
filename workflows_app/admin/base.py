"""What the pages of all large tables have in common."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Field, Model, QuerySet
from django.forms import Field as FormField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows_app import access
from workflows_app.models import Definition

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    LastPaginator = Paginator[Any]
else:
    ModelAdmin, LastPaginator = admin.ModelAdmin, Paginator

MOST_COUNTED = 10_000
MOST_SHOWN = 20_000
"""Characters of a long text that a page shows."""

RUN_TEXTS = ("state", "input", "result", "error")


class BoundedPaginator(LastPaginator):
    """Counts no further than anybody turns pages."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return int(rows.order_by()[:MOST_COUNTED].count())


class WorkflowFilter(admin.SimpleListFilter):
    """By workflow; the names come from a small table."""

    title = "workflow"
    parameter_name = "workflow"
    field = "workflow"

    def lookups(
        self, request: HttpRequest, model_admin: ModelAdmin
    ) -> list[tuple[str, str]]:
        return [(name, name) for name in workflow_names()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = self.value()
        return queryset.filter(**{self.field: name}) if name else queryset


class RunWorkflowFilter(WorkflowFilter):
    """By the workflow of a row's run."""

    field = "run__workflow"


def workflow_names() -> list[str]:
    names = Definition.objects.order_by("name").values_list("name", flat=True)
    return list(names.distinct())


class OperatedAdmin(ModelAdmin):
    """A page with verbs for operators: `permissions=["operate"]` on an action."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return access.is_operator(request.user)


class ActingAdmin(OperatedAdmin):
    """Rows with pages for verbs, at `<id>/<verb>/`: for operators who may see the row.

    Each of `acts` is the name of a method that takes the request and the row, of the
    page's template, and the end of the name of its address; with the page's title.
    """

    acts: Mapping[str, str] = {}

    def get_urls(self) -> list[URLPattern]:
        return [*map(self._act_path, self.acts), *super().get_urls()]

    def act_address(self, act: str, row: Model) -> str:
        return reverse(f"admin:{self._kind}_{act}", args=[row.pk])

    def back_to(self, row: Model) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.act_address("change", row))

    def page(
        self, request: HttpRequest, act: str, row: Model, **context: Any
    ) -> TemplateResponse:
        everywhere = self.admin_site.each_context(request)
        about = {"opts": self.opts, "row": row, "title": self.acts[act]}
        template = f"admin/workflows_app/{self.opts.model_name}/{act}.html"
        return TemplateResponse(request, template, {**everywhere, **about, **context})

    @property
    def _kind(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def _act_path(self, act: str) -> URLPattern:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            row = self._find_row(request, object_id)
            answer: HttpResponse = getattr(self, act)(request, row)
            return answer

        address = f"<path:object_id>/{act}/"
        return path(
            address, self.admin_site.admin_view(view), name=f"{self._kind}_{act}"
        )

    def _find_row(self, request: HttpRequest, object_id: str) -> Model:
        if not self.has_operate_permission(request):
            raise PermissionDenied
        row: Model | None = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return row


class ReadOnlyAdmin(OperatedAdmin):
    """Rows that only the engine writes; `run_path` leads to the run they belong to."""

    list_per_page = 50
    list_max_show_all = 200
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    run_path = ""
    deferred: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Staff who are no operators see here what they see on the pages."""
        rows = super().get_queryset(request).defer(*self.deferred)
        if access.is_operator(request.user) or not self.run_path:
            return rows
        visible = access.visible_runs(request.user)
        return rows.filter(**{f"{self.run_path}__in": visible.order_by()})


class SecretAdmin(ModelAdmin):
    """Rows with secrets, which only those see who may change them."""

    secret_fields: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = list(super().get_fields(request, obj))
        may_write = (
            self.has_add_permission(request)
            if obj is None
            else self.has_change_permission(request, obj)
        )
        return (
            fields if may_write else [f for f in fields if f not in self.secret_fields]
        )

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        """A secret is read and copied whole, so its field is wide."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in self.secret_fields:
            field.widget.attrs |= {"size": 80, "autocomplete": "off"}
        return field


def link(address: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, text)


def shortened(text: str | None) -> str:
    if not text:
        return "-"
    if len(text) <= MOST_SHOWN:
        return text
    return f"{text[:MOST_SHOWN]}… ({len(text):,} characters in all)"
