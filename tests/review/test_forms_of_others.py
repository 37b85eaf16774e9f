"""The forms of other projects: each shows, checks, and never breaks a page of ours."""

import json
from typing import Any

import pytest

from review_app.forms import answer_form
from tests.review.filling import REFUND, page_of, send
from tests.review.forms_of_others import DATA, FORMS, ISSUES, forms_of, forms_of_others
from workflows_app.engine.schema import find_errors

ATTACKS = DATA / "attack-strings"
WITHOUT_A_FORM = {"ElicitRequestURLParams", "ElicitResult", "InputResponses"}
"""Messages of a protocol that answer a form, or ask for none."""

OTHERS = [pytest.param(*each[1:], id=each[0]) for each in forms_of_others()]
needs_forms = pytest.mark.skipif(not OTHERS, reason="the forms of others are missing")


@needs_forms
@pytest.mark.parametrize(("schema", "proposed"), OTHERS)
def test_a_form_of_others_shows_and_checks_without_an_error_of_ours(
    schema: Any, proposed: Any
) -> None:
    page = page_of(answer_form(schema, proposed))
    form = answer_form(schema, proposed, page.sent())
    if form.is_valid():
        assert find_errors(schema, form.answer) == []
    again = page_of(form)
    assert len(again.ids) == len(set(again.ids))
    assert not {"style", "onclick"} & {name for _, e in again.elements for name in e}


@needs_forms
def test_two_of_three_forms_of_others_have_fields_for_everything() -> None:
    complete = [answer_form(each.schema).is_complete for each in forms_of_others()]
    assert sum(complete) / len(complete) >= 0.66


@needs_forms
def test_every_file_is_a_form_or_known_to_be_none() -> None:
    for file in [*FORMS.rglob("*.json"), *ISSUES.rglob("*.yml")]:
        is_known = file.stem.split("__")[0] in WITHOUT_A_FORM
        no_form = is_known or file.stem.endswith("request-state-only")
        assert bool(list(forms_of(file))) != no_form, file


@pytest.mark.skipif(not ISSUES.exists(), reason="the issue forms are missing")
def test_every_issue_form_has_fields_for_everything() -> None:
    for file in ISSUES.rglob("*.yml"):
        for form in forms_of(file):
            assert answer_form(form.schema).is_complete, form.name


@pytest.mark.skipif(not FORMS.exists(), reason="the forms of others are missing")
def test_what_json_editor_calls_valid_or_invalid_is_judged_so_in_the_form() -> None:
    fixtures = json.loads((FORMS / "json-editor/validation.json").read_text())
    for case in fixtures.values():
        for value in [*case["valid"], *case["invalid"]]:
            form = send(case["schema"], value)
            assert form.is_valid() == (not form.errors)
            if form.is_valid():
                assert find_errors(case["schema"], form.answer) == []


@pytest.mark.skipif(not ATTACKS.exists(), reason="the attack strings are missing")
def test_attacks_stay_text_in_every_part_of_the_form() -> None:
    clean = page_of(answer_form(REFUND, {"reason": "x"}))
    for line in (ATTACKS / "xss-a.txt").read_text().splitlines():
        schema = json.loads(json.dumps(REFUND))
        schema["properties"]["reason"] |= {"title": line, "description": line}
        page = page_of(answer_form(schema, {"reason": line}))
        assert [tag for tag, _ in page.elements] == [tag for tag, _ in clean.elements]
        assert page.sent()["answer-reason"] == line
