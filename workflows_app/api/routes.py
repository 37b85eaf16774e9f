"""How a route is made: its scope, what it returns, and every error that it may tell."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias, TypeVar

from django.http import HttpRequest
from ninja import Router

from workflows_app.models import Scope

from .bearer import BearerToken
from .errors import ApiError, ErrorReply
from .once import HEADER

View = TypeVar("View", bound=Callable[..., Any])
Extra: TypeAlias = dict[str, Any]

ALWAYS = (400, 401, 403, 429, 503)
WITH_BODY = (413, 415)
KEY_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 150},
    "description": "Sent again with the same key, it is done once and told twice.",
}


def get(
    router: Router,
    path: str,
    *scopes: Scope,
    returns: Any,
    errors: tuple[int, ...] = (404,),
    extra: Extra | None = None,
) -> Callable[[View], View]:
    """Tell what is. A parameter that is not described is refused."""

    def register(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, **given: Any) -> Any:
            _check_parameters(request, checked)
            return view(request, **given)

        about = {"openapi_extra": extra} if extra else {}
        described = {200: returns, **_described((*ALWAYS, *errors))}
        _register(router, "GET", path, scopes)(checked, described, about)
        return view

    return register


def post(
    router: Router,
    path: str,
    *scopes: Scope,
    returns: Any,
    status: int = 200,
    errors: tuple[int, ...] = (404, 409),
) -> Callable[[View], View]:
    """Do something; with an idempotency key exactly once."""

    def register(view: View) -> View:
        described = {
            status: returns,
            **_described((*ALWAYS, *WITH_BODY, *errors)),
        }
        about = {"openapi_extra": {"parameters": [KEY_PARAMETER]}}
        _register(router, "POST", path, scopes)(view, described, about)
        return view

    return register


def _register(
    router: Router, method: str, path: str, scopes: tuple[Scope, ...]
) -> Callable[[Callable[..., Any], dict[int, Any], Extra], None]:
    def add(view: Callable[..., Any], described: dict[int, Any], about: Extra) -> None:
        needs = " or ".join(f"`{scope}`" for scope in scopes)
        router.add_api_operation(
            path,
            [method],
            view,
            auth=BearerToken(*scopes),
            response=described,
            description=f"{(view.__doc__ or '').strip()}\n\nScope: {needs}.",
            summary=view.__name__.replace("_", " ").capitalize(),
            operation_id=view.__name__,
            by_alias=True,
            **about,
        )

    return add


def _described(statuses: tuple[int, ...]) -> dict[int, type[ErrorReply]]:
    return dict.fromkeys(sorted(set(statuses)), ErrorReply)


def _check_parameters(request: HttpRequest, view: Any) -> None:
    """A name that is misspelt would otherwise be as if it were not there."""
    known = {
        name
        for model in view._ninja_operation.models  # noqa: SLF001 - set by ninja
        if model.__ninja_param_source__ == "query"
        for name in model.__ninja_flatten_map__
    }
    strangers = sorted(request.GET.keys() - known)
    if strangers:
        name = strangers[0][:80]
        message = f"There is no parameter {name!r} here."
        raise ApiError(400, "unknown_parameter", message, path=[name])
