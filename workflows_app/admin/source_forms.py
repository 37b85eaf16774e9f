"""Forms for sources: what is refused before it could go wrong."""

import re
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget

from workflows_app.engine.definition import Definition
from workflows_app.intake.mapping import MappingError, find_misfits
from workflows_app.intake.message import mapping_of
from workflows_app.intake.signatures import BadSignatureError, check_key
from workflows_app.models import Delivery, Source
from workflows_app.notify.signing import make_secret
from workflows_app.runtime.definitions import EXTERNAL, find_current

from .base import workflow_names
from .samples import Sample

SHORTEST_SECRET = 16
_TOKEN = re.compile(r"[!-~]+")

MAPPING = forms.CharField(
    required=False,
    strip=False,
    widget=AdminTextareaWidget({"rows": 14, "spellcheck": "false"}),
    help_text=(
        "JSON: which parts of a delivery become the input, the answer or the event. "
        "docs/webhooks.md tells its words. Empty, a new run gets the whole delivery."
    ),
)


class SecretForm(forms.Form):
    """A secret that a source signs with; it is shown here, and never again."""

    secret = forms.CharField(
        max_length=200,
        widget=AdminTextInputWidget({"class": "secret", "autocomplete": "off"}),
        help_text=(
            "Copy this one to the sender, or put the sender's own here: it is not shown "
            "again. For v1a of Standard Webhooks it is the public key, whpk_…"
        ),
    )

    def __init__(self, source: Source, data: Any = None) -> None:
        super().__init__(data, initial={"secret": make_secret()})
        self._source = source

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"]
        check_secret_of(self._source, secret)
        return secret


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]  # it cannot be subscripted at run time
    """A source that can be what it says."""

    secret = SecretForm.base_fields["secret"]
    mapping = MAPPING

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "workflow" in self.fields:
            names = {*workflow_names(), self.instance.workflow, EXTERNAL.name} - {""}
            self.fields["workflow"] = forms.ChoiceField(
                choices=[(name, name) for name in sorted(names)],
                help_text=(
                    "The one that it reaches: no other can be. Those that a worker has "
                    "offered so far; external are the questions of other programs."
                ),
            )
        if self.instance.pk is not None:
            self.fields.pop("secret", None)

    def clean(self) -> dict[str, Any]:
        """What only the fields together can say."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        source = self._meant(cleaned)
        if source.scheme == Source.Scheme.HMAC and not source.header:
            self.add_error("header", "Say in which header the HMAC is.")
        if "secret" in cleaned:
            self._check_secret(source, cleaned["secret"])
        if "mapping" in self.fields and not self.errors.get("workflow"):
            self._check_mapping(source)
        return cleaned

    def _meant(self, cleaned: dict[str, Any]) -> Source:
        """The source as it would be, with what has passed so far."""
        names = {field.name for field in Source._meta.fields}  # noqa: SLF001 - documented
        known = {f: getattr(self.instance, f) for f in names if f != "created_at"}
        return Source(**known | {f: v for f, v in cleaned.items() if f in names})

    def _check_secret(self, source: Source, secret: str) -> None:
        try:
            check_secret_of(source, secret)
        except forms.ValidationError as error:
            self.add_error("secret", error)

    def _check_mapping(self, source: Source) -> None:
        is_needed = source.mode == Source.Mode.ON
        if not source.mapping.strip() and not is_needed:
            return
        for problem in find_problems(source):
            self.add_error("mapping", problem)


class SampleForm(forms.Form):
    """Which sample is sent."""

    sample = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, samples: dict[str, Sample], *args: Any) -> None:
        super().__init__(*args)
        field = self.fields["sample"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(event, event) for event in samples]
        field.initial = next(iter(samples))


class TryForm(forms.Form):
    """A mapping to be tried out, and the delivery on which."""

    delivery = forms.ChoiceField()
    mapping = MAPPING

    def __init__(self, source: Source, offered: list[Delivery], data: Any) -> None:
        super().__init__(data, initial={"mapping": source.mapping})
        self._offered = {str(delivery.pk): delivery for delivery in offered}
        field = self.fields["delivery"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, _label(d)) for pk, d in self._offered.items()]

    def clean_delivery(self) -> Delivery:
        return self._offered[self.cleaned_data["delivery"]]


def _label(delivery: Delivery) -> str:
    """When it came, what it says it is, and what came of it."""
    at = f"{delivery.received_at:%-d %b %H:%M:%S}"
    parts = [at, delivery.event, delivery.delivery_id, delivery.get_result_display()]
    return " · ".join(part for part in parts if part)


def check_secret_of(source: Source, secret: str) -> None:
    """Raise forms.ValidationError for what this source cannot sign with."""
    if len(secret) < SHORTEST_SECRET:
        raise forms.ValidationError(
            f"A secret has at least {SHORTEST_SECRET} characters."
        )
    if source.scheme == Source.Scheme.STANDARD:
        try:
            check_key(secret)
        except BadSignatureError:
            raise forms.ValidationError(
                "A secret of Standard Webhooks is whsec_ and the base64 of 24 to 64 "
                "bytes; a public key is whpk_ and the base64 of 32."
            ) from None
    if source.scheme == Source.Scheme.BEARER and not _TOKEN.fullmatch(secret):
        raise forms.ValidationError("A token is printable ASCII without blanks.")


def find_problems(source: Source) -> list[str]:
    """What is wrong with a source's mapping, in itself or for its workflow."""
    try:
        mapping = mapping_of(source)
    except MappingError as error:
        return error.problems
    definition = _definition_of(source)
    if source.workflow == EXTERNAL.name and source.action == Source.Action.START:
        return ["external are questions that are there: such a source answers them."]
    if definition is None:
        return []
    return find_misfits(mapping, source.action, definition)


def _definition_of(source: Source) -> Definition | None:
    if source.workflow == EXTERNAL.name:
        return EXTERNAL
    return find_current(source.workflow)
