"""The page on which a person says how the pages should behave."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from review_app.models import Preferences
from review_app.preferences import preferences_of
from workflows_app.models import MailWish

from .account import signed_in
from .decision import SeeOther
from .queue import reader


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """All of them at once; those of e-mail where the house sends any."""

    told_when = forms.ChoiceField(
        label="E-mail me",
        choices=MailWish.ToldWhen.choices,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Preferences
        fields = ("theme", "undo_seconds", "auto_advance", "single_keys", "notifies")
        widgets: dict[str, Any] = {
            "theme": forms.RadioSelect,
            "undo_seconds": forms.RadioSelect,
        }

    def __init__(self, data: QueryDict | None, user: User) -> None:
        super().__init__(data, instance=preferences_of(user))
        self.user = user
        if not settings.MAIL:
            del self.fields["told_when"]
            return
        wish = MailWish.objects.filter(pk=user.pk).first() or MailWish(user=user)
        mails = self.fields["told_when"]
        mails.initial = wish.told_when
        mails.help_text = (
            f"To {user.email}. An administrator can change the address."
            if user.email
            else "You have no address here yet; an administrator can add it."
        )

    def save(self, commit: bool = True) -> Preferences:
        """Keep them, and the wish beside them."""
        if when := self.cleaned_data.get("told_when"):
            MailWish.objects.update_or_create(
                user=self.user, defaults={"told_when": when}
            )
        kept: Preferences = super().save(commit)
        return kept


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
