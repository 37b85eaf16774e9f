"""What is done with several requests that are chosen in the queue.

Each deed is a POST that leads back to the list. Whatever could not be done stays chosen
there, with the reason.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from review_app.preferences import preferences_of
from review_app.queue_list import QueueList
from review_app.queue_page import bulk, snoozing, word
from review_app.queue_page.bulk import Problems, attempt_each
from review_app.queue_page.confirming import AssignForm, DecideForm, SeveralForm
from review_app.queue_page.page import as_uuids
from review_app.reader_zone import zone_of
from review_app.templatetags.run_words import decided
from workflows_app.models import InputRequest
from workflows_app.runtime import claims
from workflows_app.runtime.handler import Handler
from workflows_app.shown.visible import visible

from .account import signed_in
from .decision import SeeOther
from .queue import address_of_list, reader

Requests = Sequence[InputRequest]


@require_safe
@signed_in
def offer(request: HttpRequest) -> HttpResponse:
    """What can be decided together of the requests that are chosen just now."""
    found = bulk.chosen(reader(request), as_uuids(request.GET.getlist("chosen")))
    context = {"offer": bulk.offer(found), "view": QueueList.read(request.GET)}
    return render(request, "review/_queue_offer.html", context)


@require_POST
@signed_in
def several(request: HttpRequest) -> HttpResponse:
    """Do something with all requests that are chosen, or ask once more before."""
    pks = as_uuids(request.POST.getlist("chosen"))
    found = bulk.chosen(reader(request), pks)
    deed, _, detail = request.POST.get("do", "").partition(":")
    if not found or len(pks) > bulk.MOST:
        return _back(request, bulk.offer(found).objection or "Choose requests first.")
    match deed:
        case "claim":
            return _claim(request, found)
        case "release":
            return _release(request, found)
        case "snooze":
            return _put_off(request, found, detail)
        case "assign":
            return _assign(request, found)
        case _:
            return _decide(request, found, detail)


def _claim(request: HttpRequest, found: Requests) -> HttpResponse:
    user = reader(request)
    problems = attempt_each(found, lambda asked: claims.claim(user, asked.pk))
    return _back(request, _told("Claimed", found, problems), problems)


def _release(request: HttpRequest, found: Requests) -> HttpResponse:
    user = reader(request)
    released = [asked for asked in found if claims.release(user, asked.pk)]
    return _back(request, _told("Released", released, {}))


def _put_off(request: HttpRequest, found: Requests, until: str) -> HttpResponse:
    """Snooze requests, or take them back."""
    user, pks = reader(request), [asked.pk for asked in found]
    over = snoozing.find_moment(until, zone_of(request))
    if over is None:
        snoozing.wake(user, pks)
        return _back(request, _told("Back again:", found, {}))
    count = snoozing.snooze(user, pks, over)
    return _back(request, _told("Snoozed", found[:count], {}))


def _assign(request: HttpRequest, found: Requests) -> HttpResponse:
    """Hand requests on to a colleague, once it is said to whom."""
    user = reader(request)
    form = AssignForm(_confirmed(request), user, found)
    if not form.is_valid():
        return _ask_once_more(request, form, found, deed="assign")
    to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]

    def hand_on(asked: InputRequest) -> None:
        handler = Handler(asked.run_id)
        handler.delegate(asked.request_id, user, to=to, reason=reason)

    problems = attempt_each(found, hand_on)
    return _back(
        request, _told(f"Handed on to {visible(to)}:", found, problems), problems
    )


def _decide(request: HttpRequest, found: Requests, outcome: str) -> HttpResponse:
    """Decide requests together, once it is said how and why, and how many they are."""
    user, offered = reader(request), bulk.offer(found)
    chosen = offered.find(outcome)
    if chosen is None:
        return _choose_outcome(request, found, offered)
    form = DecideForm(_confirmed(request), chosen, len(found))
    if not form.is_valid():
        return _ask_once_more(request, form, found, deed=f"decide:{outcome}")
    decision = bulk.Decision(
        outcome=outcome,
        reason=form.cleaned_data["reason"],
        batch=bulk.batch(request.POST.get("batch", "")),
        undo=preferences_of(user).undo_seconds,
    )
    problems = bulk.decide(user, found, decision)
    return _back(
        request, _told(f"{decided(outcome).capitalize()}:", found, problems), problems
    )


def _confirmed(request: HttpRequest) -> Any:
    """What was sent from the page that asks once more; None before it was shown."""
    return request.POST if "confirmed" in request.POST else None


def _choose_outcome(
    request: HttpRequest, found: Requests, offered: bulk.Offer
) -> HttpResponse:
    if offered.objection:
        return _back(request, offered.objection)
    context = {"found": found, "offer": offered, "view": QueueList.read(request.GET)}
    return render(request, "review/queue_confirm.html", context)


def _ask_once_more(
    request: HttpRequest, form: SeveralForm, found: Requests, *, deed: str
) -> HttpResponse:
    context = {
        "found": found,
        "form": form,
        "deed": deed,
        "batch": bulk.batch(request.POST.get("batch", "")),
        "view": QueueList.read(request.GET),
    }
    status = 422 if form.is_bound else 200
    return render(request, "review/queue_confirm.html", context, status=status)


def _back(
    request: HttpRequest, said: str, problems: Problems | None = None
) -> HttpResponse:
    word.leave(request, said, problems or {})
    return SeeOther(address_of_list(QueueList.read(request.GET)))


def _told(deed: str, found: Requests, problems: Problems) -> str:
    """How many it was done with, and how many not."""
    done = len(found) - len(problems)
    said = f"{deed} {done} request{'' if done == 1 else 's'}." if done else ""
    failed = f"{len(problems)} could not be; see why below." if problems else ""
    return f"{said} {failed}".strip() or "Nothing was changed."
