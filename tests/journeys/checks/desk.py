"""A desk where reviewers decide: questions under any policy, and browsers of people."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.browsing import sign_in
from tests.journeys.caller import Caller
from tests.journeys.house import House, wait_for

APP = "tests.deciding_app"
PATIENCE = 15_000
"""Milliseconds in which a page must show what it has to: the machine may be busy."""

MARK = "document.documentElement.dataset.drawnOnce = 'yes'"
IS_MARKED = "document.documentElement.dataset.drawnOnce === 'yes'"
"""Left on a page, the mark is gone after the page was loaded anew."""

RING = """() => {
    const at = document.activeElement;
    return [null, "::after"].some((part) => {
        const style = getComputedStyle(at, part);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    });
}"""


@dataclass(frozen=True)
class Question:
    """What a run asks: the ids of both."""

    run: str
    request: str

    @property
    def path(self) -> str:
        return f"/requests/{self.request}/"


@dataclass
class Desk:
    """A house, a program that starts its runs, and browsers in which people sit."""

    house: House
    caller: Caller
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def ask(self, subject: str, workflow: str = "decides", **policy: Any) -> Question:
        """A new question, as soon as it is asked."""
        run = self.caller.start(workflow, subject=subject, **policy)
        return Question(run, wait_for(lambda: self._find(run, subject)))

    def ask_all(self, subjects: list[str], **policy: Any) -> list[Question]:
        """Questions that are asked in this order."""
        return [self.ask(subject, **policy) for subject in subjects]

    def _find(self, run: str, subject: str) -> str | None:
        rows = self.house.query(
            "SELECT id::text FROM workflows_app_inputrequest"
            " WHERE run_id = %s AND subject = %s",
            run,
            subject,
        )
        return str(rows[0][0]) if rows else None

    def votes(self, question: Question) -> list[tuple[str, str]]:
        """Who chose what, of the votes that stand."""
        return self.house.query(
            "SELECT responder, outcome FROM workflows_app_inputresponse"
            " WHERE request_id = %s AND withdrawn_at IS NULL ORDER BY at",
            question.request,
        )

    def status(self, question: Question) -> str:
        rows = self.house.query(
            "SELECT status FROM workflows_app_inputrequest WHERE id = %s",
            question.request,
        )
        return str(rows[0][0])

    # People

    def seat(self, name: str, **options: object) -> Page:
        """A browser of its own in which somebody is signed in."""
        context = self.browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        sign_in(page, self.house, name)
        return page

    def open(self, page: Page, question: Question, query: str = "") -> None:
        """Look at a question, from a list, with its scripts at work."""
        page.goto(f"{self.house.url}{question.path}{query}")
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")

    def prefer(self, page: Page, **wishes: bool) -> None:
        """Set preferences that can be on or off."""
        page.goto(f"{self.house.url}/preferences/")
        for name, is_wanted in wishes.items():
            page.locator(f"[name={name}]").set_checked(is_wanted)
        page.locator("#save-preferences").click()
        expect(page.locator("[role=status].notice")).to_be_visible()

    def leave(self) -> None:
        """All go home."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


def make_desk(house: House, browser: Browser) -> Iterator[Desk]:
    caller = Caller(house)
    yield Desk(house, caller, browser)
    caller.close()
