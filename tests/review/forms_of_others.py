"""The forms of other projects, as JSON Schemas: `python -m tests.review.forms_of_others`.

Prints how many of them have a field for every part, and which have not.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
FORMS = DATA / "form-schemas"
ISSUES = DATA / "issue-forms"


class Form(NamedTuple):
    """A form: its schema, and what somebody filled it with, if that is known."""

    name: str
    schema: Any
    proposed: Any = None


def forms_of_others() -> list[Form]:
    """All forms, of schemas and of issues."""
    files = [*sorted(FORMS.rglob("*.json")), *sorted(ISSUES.rglob("*.yml"))]
    return [form for file in files for form in forms_of(file)]


def forms_of(file: Path) -> Iterator[Form]:
    """What a file holds, in whichever way its project writes forms."""
    if file.suffix == ".yml":
        yield _form_of_issue(f"{file.parent.name} {file.stem}", file.read_text())
        return
    found = json.loads(file.read_text())
    match file.parent.name:
        case "json-editor":
            for name, each in found.items():
                yield Form(f"json-editor {name}", each["schema"], each["valid"][:1])
        case "jsonform":
            schema = {"type": "object", "properties": found["schema"]}
            yield Form(file.stem, schema, found.get("value"))
        case "airflow":
            parts = {k: v.get("schema", {}) for k, v in found["params"].items()}
            start = {k: v["value"] for k, v in found["params"].items()}
            yield Form(file.stem, {"type": "object", "properties": parts}, start)
        case "mcp-elicitation":
            for number, schema in enumerate(_requested(found)):
                yield Form(f"{file.stem} {number}", schema)
        case _:
            proposed = found.get("data", found.get("formData"))
            yield Form(file.stem, found["schema"], proposed)


def _requested(part: Any) -> Iterator[Any]:
    """The schemas that a message asks for, however deep in it they are."""
    if isinstance(part, dict):
        if "requestedSchema" in part:
            yield part["requestedSchema"]
        for each in part.values():
            yield from _requested(each)


def _form_of_issue(name: str, text: str) -> Form:
    """An issue form of GitHub: inputs, textareas, dropdowns and checkboxes."""
    body = [each for each in yaml.safe_load(text)["body"] if each["type"] != "markdown"]
    keys = [str(each.get("id") or f"part{n}") for n, each in enumerate(body)]
    required = [
        key
        for key, each in zip(keys, body, strict=True)
        if (each.get("validations") or {}).get("required")
    ]
    parts = {key: _part(each) for key, each in zip(keys, body, strict=True)}
    return Form(name, {"type": "object", "properties": parts, "required": required})


def _part(item: dict[str, Any]) -> dict[str, Any]:
    facts = item["attributes"]
    named = {
        "title": facts["label"],
        "description": facts.get("description") or "",
        "default": facts.get("value") or "",
    }
    options = facts.get("options") or []
    match item["type"]:
        case "input":
            return {**named, "type": "string"}
        case "textarea":
            return {**named, "type": "string", "x-ui": {"widget": "textarea"}}
        case "dropdown":
            listed = {"enum": [str(each) for each in options]}
        case _:
            listed = {"enum": [each["label"] for each in options]}
    del named["default"]
    if facts.get("multiple") or item["type"] == "checkboxes":
        return {**named, "type": "array", "items": listed}
    return {**named, **listed}


def main() -> None:
    import django  # noqa: PLC0415 - only as a program

    django.setup()
    from review_app.forms import answer_form  # noqa: PLC0415

    forms = forms_of_others()
    odd = [each for each in forms if not answer_form(each.schema).is_complete]
    for each in odd:
        reason = answer_form(each.schema).unusable or "a box of JSON"
        sys.stdout.write(f"{each.name}: {reason}\n")
    share = 1 - len(odd) / len(forms)
    sys.stdout.write(f"{len(forms) - len(odd)} of {len(forms)}: {share:.1%}\n")


if __name__ == "__main__":
    main()
