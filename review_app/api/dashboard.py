"""The operators' figures: how things are, and how they went in the last days."""

from typing import Literal, TypeAlias

from django.http import HttpRequest
from ninja import Query, Router

from review_app.dashboard.board import Board
from review_app.dashboard.page import Dashboard
from workflows_app.api.routes import get
from workflows_app.models import Scope

from .days import Zoned
from .figures import BoardReply, DaysReply
from .readers import check_compares, reader_of

router = Router(tags=["dashboard"])

By: TypeAlias = Literal["workflow", "group", "reviewer"]


class DaysWanted(Zoned):
    """In which way decisions are told apart."""

    by: By = "workflow"


@get(router, "/dashboard", Scope.READ, Scope.OPERATE, returns=BoardReply)
def get_dashboard(request: HttpRequest, wanted: Query[Zoned]) -> BoardReply:
    """What waits, what was decided today, and how runs, jobs and deliveries are."""
    return BoardReply.of(Board(reader_of(request), wanted.clock))


@get(router, "/dashboard/days", Scope.READ, Scope.OPERATE, returns=DaysReply)
def get_days(request: HttpRequest, wanted: Query[DaysWanted]) -> DaysReply:
    """How long decisions took and how many requests waited in the last 14 days.

    Of each reviewer only for who may compare people.
    """
    user = reader_of(request)
    check_compares(user, by_person=wanted.by == "reviewer")
    return DaysReply.of(Dashboard(user, wanted.clock, wanted.by))
