"""How a person wants the pages to behave, and of what he wants to be told by e-mail."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.http import QueryDict

from review_app.models import Preferences
from workflows_app.models import MailWish


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


def preferences_of(user: User) -> Preferences:
    """The person's own; the defaults for who has never chosen."""
    kept: Preferences | None = getattr(user, "preferences", None)
    return kept or Preferences(user=user)
