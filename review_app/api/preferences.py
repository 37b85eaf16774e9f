"""How a person wants the pages to behave, and of what he is told by e-mail."""

from typing import Annotated, Any, Literal, TypeAlias

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from ninja import Router
from pydantic import AfterValidator, BaseModel, Field

from review_app.models import Preferences
from review_app.preferences import PreferencesForm, preferences_of
from workflows_app.api.bearer import user_of
from workflows_app.api.errors import ApiError
from workflows_app.api.inputs import Given
from workflows_app.api.once import act_once
from workflows_app.api.routes import get, post
from workflows_app.models import MailWish, Scope

router = Router(tags=["preferences"])

Theme: TypeAlias = Literal["auto", "light", "dark"]
ToldWhen: TypeAlias = Literal["asked", "named", "never"]


def _offered(seconds: int) -> int:
    if seconds not in Preferences.Undo.values:
        raise ValueError(f"must be one of {Preferences.Undo.values}")
    return seconds


Undo = Annotated[
    int,
    AfterValidator(_offered),
    Field(json_schema_extra={"enum": Preferences.Undo.values}),
]
"""No Literal, for which false would be 0."""


class PreferencesGiven(Given):
    """What shall be otherwise; what is left out stays."""

    theme: Theme | None = None
    undo_seconds: Undo | None = None
    auto_advance: bool | None = None
    single_keys: bool | None = None
    notifies: bool | None = None
    told_when: ToldWhen | None = None


class PreferencesReply(BaseModel):
    """All preferences of a person."""

    theme: str
    undo_seconds: int = Field(description="Time to take back what a page decided.")
    auto_advance: bool
    single_keys: bool
    notifies: bool
    told_when: str | None = Field(
        description="Asked: when he or a group of his is; named: when he is. "
        "Null where no e-mail is sent."
    )

    @classmethod
    def of(cls, user: User) -> "PreferencesReply":
        kept = preferences_of(user)
        wish = MailWish.objects.filter(pk=user.pk).first() or MailWish(user=user)
        names = PreferencesForm.Meta.fields
        return cls(
            **{name: getattr(kept, name) for name in names},
            told_when=wish.told_when if settings.MAIL else None,
        )


@get(
    router,
    "/preferences",
    Scope.READ,
    Scope.ANSWER,
    returns=PreferencesReply,
    errors=(),
)
def get_preferences(request: HttpRequest) -> PreferencesReply:
    """What you have chosen, or the defaults."""
    return PreferencesReply.of(user_of(request))


@post(router, "/preferences", Scope.ANSWER, returns=PreferencesReply, errors=(409,))
def change_preferences(request: HttpRequest, given: PreferencesGiven) -> HttpResponse:
    """Choose otherwise, for all pages and devices of yours."""
    user = user_of(request)
    return act_once(request, lambda: _change(user, given.model_dump(exclude_none=True)))


def _change(user: User, given: dict[str, Any]) -> PreferencesReply:
    """By the form of the page; one change after the other for each person."""
    if "told_when" in given and not settings.MAIL:
        message = "No e-mail is sent here."
        raise ApiError(400, "invalid_input", message, path=["told_when"])
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    wanted = {**PreferencesReply.of(user).model_dump(exclude_none=True), **given}
    form = PreferencesForm(_as_sent(wanted), user)
    assert form.is_valid(), "its choices are those of the description"
    form.save()
    return PreferencesReply.of(user)


def _as_sent(wanted: dict[str, Any]) -> QueryDict:
    sent = QueryDict(mutable=True)
    for name, value in wanted.items():
        if value is not False:
            sent[name] = "on" if value is True else str(value)
    return sent
