"""What a reviewer sees and fills in: checks 17 and 23 of the pages."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Page, Response, expect

from tests.journeys.browsing import sign_in, violations
from tests.journeys.caller import Caller
from tests.journeys.house import House, wait_for
from tests.review.hostile import ATTACKS
from tests.tries import shortest

pytestmark = pytest.mark.timeout(180)

SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "title": "Amount", "maximum": 500},
        "count": {"type": "integer", "title": "Count"},
        "code": {"type": "string", "title": "Code"},
        "sure": {"type": "boolean", "title": "Sure"},
        "agreed": {"type": "boolean", "title": "Agreed"},
        "tags": {"type": "array", "title": "Tags", "items": {"enum": ["a", "b", "c"]}},
        "lines": {"type": "array", "title": "Lines", "items": {"type": "integer"}},
        "channel": {"enum": ["post", "phone"], "title": "Channel"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "to": {"type": ["string", "integer"], "title": "To"},
    },
    "required": ["amount", "agreed"],
}
PROPOSED = {"amount": 180, "code": "0042", "tags": ["a"], "channel": "post"}
WITHIN = 2.0
"""Seconds in which the page of an untrusted payload is there."""

WATCH = """
window.reports = [];
addEventListener("securitypolicyviolation", (event) => reports.push(event.violatedDirective));
"""
UNFOLD = "() => document.querySelectorAll('main details').forEach((each) => (each.open = true))"
LOADED = """() => {
    const [page] = performance.getEntriesByType("navigation");
    return page.domContentLoadedEventEnd / 1000;
}"""


@dataclass
class Stage:
    """A house that asks what a test wants to see, and ada, who looks at it."""

    house: House
    caller: Caller
    ada: Page

    def ask(self, **shown: Any) -> tuple[str, str]:
        """A new question: the ids of run and request."""
        run_id = self.caller.start("showing", rounds=[shown, shown])
        return run_id, wait_for(lambda: self.house.question(run_id))

    def open(self, **shown: Any) -> str:
        """Ada looks at a new question; the id of its run."""
        run_id, request_id = self.ask(**shown)
        self.ada.goto(f"{self.house.url}/requests/{request_id}/")
        return run_id


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("showing") / "var"
    house = House(data, HOLDPOINT_APPS="tests.showing_app").start()
    yield house
    house.stop()


@pytest.fixture(scope="module")
def caller(house: House) -> Iterator[Caller]:
    caller = Caller(house)
    yield caller
    caller.close()


@pytest.fixture
def stage(house: House, caller: Caller, page: Page) -> Stage:
    page.add_init_script(WATCH)
    sign_in(page, house, "ada")
    return Stage(house, caller, page)


def press(page: Page, outcome: str) -> int:
    """Press an outcome; the status of the reply."""
    with page.expect_response(_is_of_answer) as reply:
        page.click(f"[name=outcome][value={outcome}]")
    return reply.value.status


def _is_of_answer(reply: Response) -> bool:
    """The page also posts drafts, claims and presence."""
    parts = urlsplit(reply.url).path.strip("/").split("/")
    return reply.request.method == "POST" and len(parts) == 2


def field(page: Page, name: str) -> Any:
    return page.locator(f"[name='answer-{name}']")


# 17: form errors


def test_check_17_mistakes_are_named_at_their_fields_and_nothing_typed_is_lost(
    stage: Stage,
) -> None:
    page = stage.ada
    stage.open(schema=SCHEMA, proposed=PROPOSED)
    field(page, "amount").fill("much")
    field(page, "count").fill("3.5")
    field(page, "code").fill("0043")
    page.check("[name='answer-tags'][value=b]")
    assert press(page, "reject") == 422
    expect(page.locator("#error-summary")).to_be_focused()
    ids = set(page.eval_on_selector_all("[id]", "all => all.map((each) => each.id)"))
    for name in ("amount", "count", "agreed"):
        wrong = field(page, name).first
        assert name == "agreed" or wrong.get_attribute("aria-invalid") == "true"
    described = page.eval_on_selector_all(
        "[aria-describedby]",
        "all => all.flatMap((each) => each.getAttribute('aria-describedby').split(' '))",
    )
    assert {"id_answer-amount_error", "id_answer-count_error"} <= set(described) <= ids
    assert {"id_reason_error", "id_answer-agreed_error"} <= set(described)
    links = page.eval_on_selector_all(
        "#error-summary a", "all => all.map((a) => a.hash)"
    )
    assert links == [
        "#id_answer-amount",
        "#id_answer-count",
        "#id_answer-agreed",
        "#id_reason",
    ]
    assert {link.removeprefix("#") for link in links} <= ids
    expect(field(page, "amount")).to_have_value("much")
    expect(field(page, "code")).to_have_value("0043")
    expect(page.locator("[name='answer-tags'][value=b]")).to_be_checked()
    assert violations(page) == []
    page.click("#error-summary a >> nth=0")
    expect(field(page, "amount")).to_be_focused()


def test_check_17_values_reach_the_step_with_their_json_types(stage: Stage) -> None:
    page = stage.ada
    run_id = stage.open(schema=SCHEMA, proposed=PROPOSED)
    field(page, "amount").fill("120.5")
    field(page, "count").fill("3")
    page.check("[name='answer-sure']")
    page.check("[name='answer-agreed'][value=false]")
    page.check("[name='answer-tags'][value=c]")
    field(page, "lines").fill("1\n2")
    field(page, "labels").fill("team = 7")
    page.check("[name='answer-to!kind'][value='1']")
    field(page, "to!1").fill("7")
    assert press(page, "approve") < 400
    result = stage.caller.result(run_id, within=30)["result"]
    assert result["outcome"] == "approve"
    assert json.dumps(result["response"]) == json.dumps(
        {
            "amount": 120.5,
            "count": 3,
            "code": "0042",
            "sure": True,
            "agreed": False,
            "tags": ["a", "c"],
            "lines": [1, 2],
            "channel": "post",
            "labels": {"team": "7"},
            "to": 7,
        }
    )


# What was proposed, beside what is typed


def test_a_changed_field_says_what_it_was_and_the_button_counts(stage: Stage) -> None:
    page = stage.ada
    stage.open(schema=SCHEMA, proposed={**PROPOSED, "agreed": True})
    primary = page.locator("[data-primary]")
    expect(primary).to_contain_text("Approve 1 a", use_inner_text=True)
    field(page, "amount").fill("120")
    expect(page.locator("#id_answer-amount_was")).to_contain_text("was 180")
    expect(primary).to_contain_text("Approve with 1 edit")
    page.check("[name='answer-channel'][value=phone]")
    page.uncheck("[name='answer-tags'][value=a]")
    expect(primary).to_contain_text("Approve with 3 edits")
    page.click("#id_answer-amount_put_back")
    expect(field(page, "amount")).to_have_value("180")
    expect(field(page, "amount")).to_be_focused()
    page.click("#id_answer-channel_put_back")
    expect(page.locator("[name='answer-channel'][value=post]")).to_be_checked()
    page.click("#id_answer-tags_put_back")
    expect(page.locator("#edits")).to_be_hidden()


def test_what_was_is_still_told_after_a_mistake_and_after_the_answer(
    stage: Stage,
) -> None:
    page = stage.ada
    run_id, request_id = stage.ask(schema=SCHEMA, proposed={**PROPOSED, "agreed": True})
    page.goto(f"{stage.house.url}/requests/{request_id}/")
    field(page, "amount").fill("5000")
    assert press(page, "approve") == 422
    expect(page.locator("#id_answer-amount_was")).to_contain_text("was 180")
    expect(page.locator("[data-primary]")).to_contain_text("with 1 edit")
    field(page, "amount").fill("120")
    assert press(page, "approve") < 400
    assert stage.caller.result(run_id, within=30)["result"]["response"]["amount"] == 120
    page.goto(f"{stage.house.url}/requests/{request_id}/")
    amount = page.locator("#decide .fields > div", has_text="Amount")
    expect(amount).to_contain_text("120")
    expect(amount).to_contain_text("proposed 180")


def test_only_the_fields_of_the_form_that_is_chosen_are_shown(stage: Stage) -> None:
    stage.open(schema=SCHEMA)
    number, text = field(stage.ada, "to!1"), field(stage.ada, "to!0")
    expect(number).to_be_hidden()
    stage.ada.check("[name='answer-to!kind'][value='1']")
    expect(number).to_be_visible()
    expect(text).to_be_hidden()


def test_a_table_unfolds_its_rows(stage: Stage) -> None:
    rows = [{"sku": f"sku-{n}", "amount": n} for n in range(40)]
    stage.open(display=[{"type": "table", "value": rows}])
    last = stage.ada.get_by_text("sku-39", exact=True)
    expect(last).to_be_hidden()
    stage.ada.get_by_text("Show all 40 rows").click()
    expect(last).to_be_visible()


# 23: untrusted payload


def hostile() -> dict[str, Any]:
    """All that could run, fetch, hide or overflow, in every kind of block."""
    scripts = [
        "<script>window.pwned = 1</script>",
        "<img src=x onerror='window.pwned = 1'>",
        "![spy](https://elsewhere.example/spy.png)",
        "[click](javascript:window.pwned=1)",
        "<a href='javascript:window.pwned=1'>x</a>",
        "\u202egnp.exe \u2067\u05e9\u05dc\u2069 👩‍👩‍👧 \U0001d54f \U0001f600\0",
        *ATTACKS,
    ]
    long = "\U0001d518<b>" * 250_000
    text = "\n\n".join(scripts)
    spy = "https://elsewhere.example/spy.png"
    files = [
        {"url": each, "name": each}
        for each in (*scripts[:8], spy, "//elsewhere.example/x.png")
    ]
    values = {
        "markdown": text[:15_000],
        "text": text,
        "json": {each: [each] for each in scripts},
        "chat": [{"who": each, "text": each, "at": each} for each in scripts],
        "fields": {each: each for each in scripts},
        "table": [{"a": each, each[:20]: 1} for each in scripts],
        "files": [*files, {"url": spy, "type": "image/png"}],
        "links": files,
        "diff": {"before": text[:5_000], "after": text[5_000:10_000]},
    }
    display = [
        {"type": kind, "title": scripts[0], "value": v} for kind, v in values.items()
    ]
    display += [{"type": kind, "value": long} for kind in ("text", "markdown", "json")]
    schema = {
        "type": "object",
        "properties": {
            "note": {"type": "string", "title": scripts[0], "description": scripts[1]},
            scripts[1]: {"enum": [*scripts[:5]]},
        },
    }
    return {
        "prompt": text[:15_000],
        "subject": scripts[0],
        "display": display,
        "metadata": {"x": long, scripts[0]: scripts[1]},
        "schema": schema,
        "proposed": {"note": "\n".join(scripts[:5])},
    }


def test_check_23_an_untrusted_payload_is_inert_and_there_within_two_seconds(
    stage: Stage,
) -> None:
    page = stage.ada
    asked: list[str] = []
    odd: list[str] = []

    def note(dialog: Dialog) -> None:
        odd.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", note)
    page.on("pageerror", lambda error: odd.append(str(error)))
    _, request_id = stage.ask(**hostile())

    def load() -> float:
        page.goto(f"{stage.house.url}/requests/{request_id}/")
        seconds: float = page.evaluate(LOADED)
        return seconds

    assert shortest(load, limit=WITHIN) <= WITHIN
    page.evaluate(UNFOLD)
    page.mouse.wheel(0, 100_000)
    expect(page.locator("h1")).to_contain_text("<script>window.pwned = 1</script>")
    expect(page.get_by_text("Show all 1,000,000 characters").first).to_be_visible()
    assert len(page.content().encode()) < 300_000
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.reports") == []
    assert page.evaluate("window.pwned") is None
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(stage.house.url).netloc}
    assert odd == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_check_23_a_part_in_full_is_plain_text_for_the_browser(stage: Stage) -> None:
    page = stage.ada
    text = "<script>window.pwned = 1</script>" * 5_000
    stage.open(display=[{"type": "text", "value": text}])
    with page.context.expect_page() as tab:
        page.get_by_text("Show all 165,000 characters").click()
    whole = tab.value
    assert whole.inner_text("body") == text
    assert whole.evaluate("window.pwned") is None
    assert whole.evaluate("document.contentType") == "text/plain"
