"""The addresses of the API, its description, and the page that shows it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path
from ninja.openapi.docs import Swagger

from workflows_app.api.errors import ApiError, refused

from .v1 import api


def _in_one_form(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The refusal of a method is django-ninja's own, and a bare text."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code != 405:  # noqa: PLR2004
            return response
        allowed = {"Allow": response["Allow"]}
        message = f"Here you may {allowed['Allow']}."
        return refused(ApiError(405, "method_not_allowed", message, headers=allowed))

    return answer


def docs(request: HttpRequest) -> HttpResponse:
    """The description, to be read and tried."""
    return Swagger().render_page(request, api)


routes, _, namespace = api.urls
for route in routes:
    assert isinstance(route, URLPattern)
    route.callback = _in_one_form(route.callback)

urlpatterns = [
    path("v1/", include((routes, namespace), namespace=namespace)),
    path("docs", docs, name="api-docs"),
]
