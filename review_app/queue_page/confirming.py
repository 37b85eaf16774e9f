"""What is asked once more before something is done with several requests."""

from collections.abc import Sequence

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from review_app.schema_form.rows import Problem
from workflows_app.engine.policy import REVIEWERS
from workflows_app.models import InputRequest

from .bulk import TYPED_FROM, Outcome

MOST_PEOPLE = 200
LONGEST_REASON = 10_000


def problems_of(form: forms.BaseForm) -> list[Problem]:
    """What the error summary says, each with a link to its field."""
    general = [Problem("error-summary", "", str(e)) for e in form.non_field_errors()]
    fields = [form[name] for name in form.fields]
    return general + [
        Problem(field.id_for_label, str(field.label), str(each))
        for field in fields
        for each in field.errors
    ]


class SeveralForm(forms.Form):
    """A form of the page that lists what was chosen."""

    use_required_attribute = False  # the server tells all that is missing at once
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @property
    def problems(self) -> list[Problem]:
        return problems_of(self)


class DecideForm(SeveralForm):
    """One reason for all; a large number of requests must be typed."""

    def __init__(self, data: QueryDict | None, outcome: Outcome, count: int) -> None:
        super().__init__(data)
        self.outcome = outcome
        self.count = count
        reason = self.fields["reason"]
        reason.required = bool(outcome["needs_reason"])
        reason.error_messages["required"] = "Please give a reason; it holds for all."
        reason.label = (
            "Reason for all" if reason.required else "Reason for all (if you like)"
        )
        if count >= TYPED_FROM:
            self.fields["number"] = forms.CharField(
                label=f"Type {count}, to be sure that you mean all of them",
                widget=forms.TextInput(
                    attrs={"inputmode": "numeric", "autocomplete": "off"}
                ),
                error_messages={"required": f"Type {count}: so many are decided."},
            )

    def clean_number(self) -> str:
        typed = str(self.cleaned_data["number"]).strip()
        if typed != str(self.count):
            raise forms.ValidationError(f"Type {self.count}: so many are decided.")
        return typed


class AssignForm(SeveralForm):
    """To whom they are handed on."""

    to = forms.ChoiceField(
        label="To",
        error_messages={
            "required": "Say to whom.",
            "invalid_choice": "There is nobody of this name to hand them to.",
        },
    )
    field_order = ("to", "reason")

    def __init__(
        self, data: QueryDict | None, user: User, requests: Sequence[InputRequest]
    ) -> None:
        super().__init__(data)
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)
        to.choices = [("", "Choose somebody"), *_people(user, requests)]
        self.fields["reason"].label = "Why (if you like)"


def _people(user: User, requests: Sequence[InputRequest]) -> list[tuple[str, str]]:
    """Colleagues who know such work: of the requests' groups, and all reviewers."""
    groups = REVIEWERS.union(*[asked.groups for asked in requests])
    known = User.objects.filter(is_active=True, groups__name__in=sorted(groups))
    others = known.exclude(pk=user.pk).order_by("username").distinct()[:MOST_PEOPLE]
    return [(each.username, each.get_full_name() or each.username) for each in others]
