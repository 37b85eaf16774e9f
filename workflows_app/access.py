"""Who may see what, and who may answer: the one door for every page and program.

A request is seen by those who may answer it, by who started its run, and by operators.
A run is seen by operators, by who started it, by the members of its groups, and by
whoever sees a request of it, or of a run that works for it. What one may not see is not there.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Exists, JSONField, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from .engine.policy import REVIEWERS, Responder, ReviewPolicy, find_objection
from .models import InputRequest, Run
from .written import ANY, KEPT, Text, objects_of

Viewer: TypeAlias = "AbstractBaseUser | AnonymousUser | User"

OPERATORS = "operators"
"""Members look after runs: they see all of them and answer nothing."""

MOST_COUNTED = 1000
"""Counts on pages stop here: exact counts of large sets are slow (performance.md)."""

FEW_RUNS = 100
"""So many runs can be named in a query one by one."""

_LARGE = ("input", "result")
"""What a run was given and gave: no page of a request shows it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks. Two who have the same rights to the same ask with the same text."""

    rights: Hashable
    user: User = field(compare=False)

    @classmethod
    def of(cls, user: User) -> "Reader":
        """With all of a user on which the conditions of this module depend."""
        name, is_active = user.get_username(), user.is_active
        own = tuple(_runs_started_by(user))
        rights = user.pk, name, is_active, is_operator(user), groups_of(user), own
        return cls(rights, user)


def groups_of(user: Viewer) -> frozenset[str]:
    """The names of the user's groups, read once for each user object."""
    if not isinstance(user, User):
        return frozenset()
    known: frozenset[str] | None = getattr(user, "_holdpoint_groups", None)
    if known is None:
        known = frozenset(user.groups.values_list("name", flat=True))
        user._holdpoint_groups = known  # type: ignore[attr-defined]  # noqa: SLF001
    return known


def is_operator(user: Viewer) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_superuser or OPERATORS in groups_of(user)


def responder(user: User) -> Responder:
    """The person, as the engine's policy knows him."""
    return Responder("person", user.get_username(), groups_of(user))


def answerable(user: Viewer) -> QuerySet[InputRequest]:
    """The open requests that this user may answer."""
    return answerable_among(user, InputRequest.objects.filter(status="open"))


def answerable_among(
    user: Viewer, requests: QuerySet[InputRequest]
) -> QuerySet[InputRequest]:
    """Those of the requests that are addressed to this user, and are his to decide."""
    addressed = requests.filter(_addressed_to(user))
    if not isinstance(user, User):
        return addressed
    rules = addressed.alias(rules=Cast("policy", JSONField()))
    return rules.exclude(_of_runs_started_by(user), rules__starter_may_decide=False)


def visible_requests(user: Viewer) -> QuerySet[InputRequest]:
    requests = InputRequest.objects.all()
    if is_operator(user):
        return requests
    if not isinstance(user, User) or not user.is_active:
        return requests.none()
    return requests.filter(_addressed_to(user) | _of_runs_started_by(user))


def visible_runs(user: Viewer) -> QuerySet[Run]:
    runs = Run.objects.all()
    if is_operator(user):
        return runs
    if not isinstance(user, User) or not user.is_active:
        return runs.none()
    asked = _of(OuterRef("pk")).filter(_addressed_to(user))
    mine = Q(groups__overlap=sorted(groups_of(user)))
    return runs.filter(Q(started_by=user) | mine | Exists(asked))


def requests_of(run: Run) -> QuerySet[InputRequest]:
    """What a run asks, and what the runs ask that work for it."""
    return _of(run.pk)


def _of(run: UUID | OuterRef) -> QuerySet[InputRequest]:
    return InputRequest.objects.filter(Q(run=run) | Q(root_id=run))


def get_request(user: Viewer, pk: UUID) -> InputRequest:
    """With its run, and who started that.

    Raises InputRequest.DoesNotExist also for what the user may not see.
    """
    if not isinstance(user, User):
        raise InputRequest.DoesNotExist
    rows = _request(Reader.of(user)).about({ANY: pk}).read()
    if not rows:
        raise InputRequest.DoesNotExist
    models = (InputRequest, Run, User)
    asked, run, starter = objects_of(rows[0], *models, without=_LARGE)
    asked.run, run.started_by = run, starter
    found: InputRequest = asked
    return found


@lru_cache(maxsize=KEPT)
def _request(reader: Reader) -> Text:
    found = visible_requests(reader.user).filter(pk=ANY).order_by()
    large = [f"run__{name}" for name in _LARGE]
    return Text.of(found.select_related("run__started_by").defer(*large))


def get_run(user: Viewer, pk: UUID) -> Run:
    """Raises Run.DoesNotExist also for what the user may not see."""
    return visible_runs(user).get(pk=pk)


def find_objection_to(user: Viewer, request: InputRequest) -> str | None:
    """Why this user may not answer the request, in words; None when he may."""
    if not isinstance(user, User) or not user.is_active:
        return "Sign in to answer."
    policy = ReviewPolicy.load(request.policy_rules)
    starter = request.run.started_by
    return find_objection(
        policy, responder(user), starter.get_username() if starter else None
    )


def may_answer(user: Viewer, request: InputRequest) -> bool:
    return find_objection_to(user, request) is None


def may_operate(user: Viewer, run: Run) -> bool:
    """Pause, resume and abort are for operators, and for who started the run."""
    return is_operator(user) or (
        isinstance(user, User) and run.started_by_id == user.pk
    )


def may_see_dashboard(user: Viewer) -> bool:
    """Its figures are of all requests and runs, so it is for those who see all."""
    return is_operator(user)


def may_start(user: Viewer) -> bool:
    """Reviewers and operators may start runs from the form."""
    return is_operator(user) or bool(groups_of(user) & REVIEWERS)


def _runs_started_by(user: User) -> list[UUID]:
    """The ids of as many as can be named in a query, read once for each user object."""
    started: list[UUID] | None = getattr(user, "_holdpoint_started", None)
    if started is None:
        runs = Run.objects.filter(started_by=user).order_by()
        started = list(runs.values_list("pk", flat=True)[: FEW_RUNS + 1])
        user._holdpoint_started = started  # type: ignore[attr-defined]  # noqa: SLF001
    return started


def _of_runs_started_by(user: User) -> Q:
    """Requests of the runs that he started.

    Few runs are named by their ids: then an index finds them, and PostgreSQL can join
    what it finds to what the other indexes find. A join with the runs would make it
    look at every open request.
    """
    started = _runs_started_by(user)
    if len(started) <= FEW_RUNS:
        return Q(run__in=started)
    return Q(Exists(Run.objects.filter(pk=OuterRef("run"), started_by=user)))


def _addressed_to(user: Viewer) -> Q:
    if not isinstance(user, User) or not user.is_active:
        return Q(pk__in=[])
    groups = groups_of(user)
    mine = Q(assignees__contains=[user.get_username()])
    mine |= Q(groups__overlap=sorted(groups))
    if groups & REVIEWERS:
        mine |= Q(assignees=[], groups=[])
    return mine
