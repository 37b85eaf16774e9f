"""The page on which a person says how the pages should behave."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from review_app.preferences import PreferencesForm

from .account import signed_in
from .decision import SeeOther
from .queue import reader


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def preferences(request: HttpRequest) -> HttpResponse:
    """Show the preferences; keep them by POST."""
    form = PreferencesForm(request.POST or None, reader(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Kept, for all your devices.")
        return SeeOther(reverse("review:preferences"))
    status = 422 if form.is_bound else 200
    return render(request, "review/preferences.html", {"form": form}, status=status)
