"""Who may see figures, and whose."""

from django.contrib.auth.models import User
from django.http import HttpRequest

from review_app.dashboard.table import COMPARE
from workflows_app import access
from workflows_app.api.bearer import user_of
from workflows_app.api.errors import ApiError, not_found


def reader_of(request: HttpRequest) -> User:
    """Whoever asks, if he sees all; for others there are no figures."""
    user = user_of(request)
    if not access.may_see_dashboard(user):
        raise not_found()
    return user


def check_compares(user: User, *, by_person: bool) -> None:
    """Raise ApiError where figures of people are not for this one."""
    if by_person and not user.has_perm(COMPARE):
        message = "Figures of each reviewer are for those who may compare people."
        raise ApiError(403, "not_allowed", message)
