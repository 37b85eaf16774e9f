"""Saved views: lists of the queue under a name, one's own or shared with a group."""

from typing import Annotated

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from ninja import Query, Router
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from review_app.models import SavedView
from review_app.queue_page.saved import (
    CountedView,
    ViewForm,
    count_views,
    list_of,
    views_of,
    visible_views,
)
from workflows_app.api.bearer import user_of
from workflows_app.api.errors import ApiError
from workflows_app.api.inputs import NOTHING, Given, Nothing, Person, printable
from workflows_app.api.once import act_once
from workflows_app.api.routes import get, post
from workflows_app.models import Scope

from .queue_shapes import (
    Counted,
    ListGiven,
    ListReply,
    PageWanted,
    QueuePage,
    read_page,
)

router = Router(tags=["views"])

ViewName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    AfterValidator(printable),
]
PLAIN = ListGiven()


class ViewGiven(Given):
    """A view, as it shall be."""

    name: ViewName
    shows: ListGiven = PLAIN
    share_with: Person | None = Field(
        default=None, description="A group of yours whose members see it too."
    )
    notifies: bool = Field(
        default=False, description="Whether pages say when something new is in it."
    )


class ViewReply(BaseModel):
    """A saved view, and how many requests you see through it."""

    id: int
    name: str
    owner: str
    share_with: str | None
    notifies: bool
    shows: ListReply
    count: Counted

    @classmethod
    def of(cls, counted: CountedView) -> "ViewReply":
        view = counted.saved
        return cls(
            id=view.pk,
            name=view.name,
            owner=view.owner.get_username(),
            share_with=view.group.name if view.group else None,
            notifies=view.notifies,
            shows=ListReply.of(list_of(view)),
            count=Counted.of(counted.count),
        )


class ViewList(BaseModel):
    """All views of a person: his own first."""

    items: list[ViewReply]


class DeletedReply(BaseModel):
    """It is gone."""

    deleted: bool = True


@get(router, "/views", Scope.READ, Scope.ANSWER, returns=ViewList, errors=())
def list_views(request: HttpRequest) -> ViewList:
    """Your views, and those that others share with a group of yours."""
    return ViewList(items=_counted(user_of(request), views_of(user_of(request))))


@get(
    router,
    "/views/{int:view_id}/requests",
    Scope.READ,
    Scope.ANSWER,
    returns=QueuePage,
)
def list_requests_of_view(
    request: HttpRequest, view_id: int, wanted: Query[PageWanted]
) -> QueuePage:
    """What you see through a view, in its order."""
    user = user_of(request)
    view = visible_views(user).get(pk=view_id)
    return read_page(list_of(view), user, wanted)


@post(router, "/views", Scope.ANSWER, returns=ViewReply, status=201, errors=(409,))
def save_view(request: HttpRequest, given: ViewGiven) -> HttpResponse:
    """Keep a list of the queue under a name."""
    user = user_of(request)
    return act_once(
        request, lambda: _save(user, SavedView(owner=user), given), status=201
    )


@post(router, "/views/{int:view_id}/change", Scope.ANSWER, returns=ViewReply)
def change_view(request: HttpRequest, view_id: int, given: ViewGiven) -> HttpResponse:
    """Let a view of yours be as a new one would be."""
    user = user_of(request)
    return act_once(request, lambda: _save(user, _own(user, view_id), given))


@post(router, "/views/{int:view_id}/delete", Scope.ANSWER, returns=DeletedReply)
def delete_view(
    request: HttpRequest, view_id: int, given: Nothing = NOTHING
) -> HttpResponse:
    """Delete a view of yours; with whom it was shared loses it too."""
    user = user_of(request)
    return act_once(request, lambda: _delete(user, view_id))


def _save(user: User, view: SavedView, given: ViewGiven) -> ViewReply:
    """By the form of the page, which knows what a view may be.

    One after the other for each person, so that what the form has looked up still holds.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    view.query = given.shows.listed.query
    form = ViewForm(_as_sent(user, given), view)
    if not form.is_valid():
        raise _refusal(form)
    return _counted(user, [form.save()])[0]


def _as_sent(user: User, given: ViewGiven) -> QueryDict:
    sent = QueryDict(mutable=True)
    sent["name"] = given.name
    if given.share_with is not None:
        group = user.groups.filter(name=given.share_with).first()
        sent["group"] = str(group.pk) if group else given.share_with
    if given.notifies:
        sent["notifies"] = "on"
    return sent


def _refusal(form: ViewForm) -> ApiError:
    """What the form objects to, under the names that are used here."""
    places = {"name": ["name"], "group": ["share_with"]}
    found = [
        {"path": places.get(field, []), "message": text}
        for field, texts in form.errors.items()
        for text in texts
    ]
    first = found[0]
    message = str(first["message"])
    return ApiError(400, "invalid_input", message, path=first["path"], details=found)


def _delete(user: User, view_id: int) -> DeletedReply:
    _own(user, view_id).delete()
    return DeletedReply()


def _own(user: User, view_id: int) -> SavedView:
    """What others have saved is theirs, also when they share it."""
    return SavedView.objects.select_related("owner").get(owner=user, pk=view_id)


def _counted(user: User, views: list[SavedView]) -> list[ViewReply]:
    return [ViewReply.of(each) for each in count_views(user, views)] if views else []
