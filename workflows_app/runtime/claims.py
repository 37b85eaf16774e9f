"""Claims: who works on a request at the moment. The one door to their rows.

A claim is a lease by the database's clock. Whoever changes one holds the lock of its
request's row first, so claims and answers of a request follow each other.
"""

import json
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Least, Now

from workflows_app import access
from workflows_app.engine.errors import (
    ClaimedError,
    InvalidResponseError,
    NotAllowedError,
    UnknownRequestError,
)
from workflows_app.models import Claim, InputRequest
from workflows_app.stream.wakeup import QUEUE, notifier, request_topic

from .statements import execute
from .statements.claims import LOCK_REQUEST, UNENDED_CLAIM

LEASE = timedelta(minutes=15)
"""How long a claim holds without renewal."""

LONGEST_REASON = 500


def live() -> QuerySet[Claim]:
    """The claims that hold now."""
    return Claim.objects.filter(ended_at=None, lease_until__gt=Now())


def find_live(pk: UUID) -> Claim | None:
    """The claim that holds a request now, with its owner."""
    return live().filter(request=pk).select_related("owner").first()


def claim(user: User, pk: UUID) -> Claim:
    """Keep an open request for oneself; whoever holds it already holds it longer.

    Raises ClaimedError, NotAllowedError or UnknownRequestError; then nothing changed.
    """
    with transaction.atomic():
        asked = _lock(user, pk)
        standing = find_live(pk)
        if standing is not None and standing.owner != user:
            raise _claimed(standing)
        return _hold(user, asked)


def take_over(user: User, pk: UUID, reason: str) -> Claim:
    """Take a request from whoever holds it, and say why.

    Raises InvalidResponseError without a reason, NotAllowedError or UnknownRequestError.
    """
    reason = reason.replace("\0", "").strip()[:LONGEST_REASON]
    if not reason:
        raise InvalidResponseError([(("reason",), "Please say why.")])
    with transaction.atomic():
        asked = _lock(user, pk)
        others = live().filter(request=pk).exclude(owner=user)
        others.update(ended_at=Now(), taken_over_by=user, reason=reason)
        return _hold(user, asked)


def release(user: User, pk: UUID) -> bool:
    """Let others have it. False when it was not, or no longer, one's own."""
    with transaction.atomic():
        ended = _end(Claim.objects.filter(request=pk, owner=user))
        if ended:
            _tell(pk)
    return bool(ended)


def renew(user: User, pk: UUID) -> bool:
    """Hold one's own claim a whole lease longer; False when somebody else has it now."""
    with transaction.atomic():
        mine = Claim.objects.filter(request=pk, owner=user, ended_at=None)
        renewed = mine.update(lease_until=Now() + LEASE)
        if renewed:
            transaction.on_commit(lambda: notifier.send([request_topic(pk)]))
    return bool(renewed)


def claim_next(user: User, waiting: QuerySet[InputRequest]) -> InputRequest | None:
    """Claim the first of these requests that nobody holds; None when there is none.

    Two who ask at once never get the same: each skips what the other has locked, and
    looks at the claims again when it has a lock of its own. A request that is never
    claimed is given to both. PostgreSQL locks no rows of a DISTINCT query.
    """
    held = Exists(live().filter(request=OuterRef("pk")))
    free = _lockable(waiting.filter(~held, status=InputRequest.Status.OPEN), skip=True)
    with transaction.atomic():
        while (asked := free.first()) is not None:
            if find_live(asked.pk) is not None:
                continue  # claimed after this statement began; the next one sees it
            if is_claimable(asked):
                _hold(user, asked)
            return asked
    return None


def use_up(user: User, run_id: UUID, request_id: str) -> None:
    """An answer needs the request to itself, and ends the claim of whoever gives it.

    To be called in the transaction that records the answer. Raises ClaimedError while
    somebody else holds the request, and when it must be claimed and is not.
    """
    asked = {"run": run_id, "request": request_id}
    [(pk, policy)] = execute(LOCK_REQUEST, asked).fetchall()
    unended = execute(UNENDED_CLAIM, {"request": pk}).fetchone()
    owner, name, lease_until, is_live = unended or (None, "", None, False)
    if is_live and owner != user.pk:
        raise ClaimedError(name, lease_until)
    if not is_live and json.loads(policy).get("claim") == "required":
        raise ClaimedError
    if owner == user.pk:
        _end(Claim.objects.filter(request=pk, owner=user))


def is_claimable(asked: InputRequest) -> bool:
    """Whether its policy offers claims at all."""
    return bool(asked.policy_rules.get("claim") != "none")


def _lock(user: User, pk: UUID) -> InputRequest:
    """The request as it is now, if this person may claim it."""
    asked = _lockable(InputRequest.objects.filter(pk=pk)).first()
    if asked is None or not asked.is_open:
        raise UnknownRequestError("This request is not open any more.")
    objection = access.find_objection_to(user, asked)
    if objection is None and not is_claimable(asked):
        objection = "This request is not claimed: several people may work on it."
    if objection is not None:
        raise NotAllowedError(objection)
    return asked


def _lockable(
    requests: QuerySet[InputRequest], *, skip: bool = False
) -> QuerySet[InputRequest]:
    """Lock the requests' rows alone, and leave what is large where it is."""
    large = ("shown", "run__state", "run__input", "run__result")
    found = requests.select_related("run__started_by").defer(*large)
    return found.select_for_update(of=("self",), no_key=True, skip_locked=skip)


def _hold(user: User, asked: InputRequest) -> Claim:
    """Hold a locked request that nobody else holds: with the old claim, or a new one."""
    _tell(asked.pk)
    if not live().filter(request=asked, owner=user).update(lease_until=Now() + LEASE):
        _end(Claim.objects.filter(request=asked))  # its lease is over
        moments = {"claimed_at": Now(), "lease_until": Now() + LEASE}
        Claim.objects.create(request=asked, owner=user, **moments)
    return live().select_related("owner").get(request=asked)


def _end(claims: QuerySet[Claim]) -> int:
    """End what has not ended; a lease that is over has ended with it."""
    return claims.filter(ended_at=None).update(ended_at=Least(Now(), "lease_until"))


def _claimed(standing: Claim) -> ClaimedError:
    return ClaimedError(standing.owner.get_username(), standing.lease_until)


def _tell(pk: UUID) -> None:
    """Pages that show the request, and lists that have it, look again."""
    transaction.on_commit(lambda: notifier.send([request_topic(pk), QUEUE]))
