"""Every page, and every state of the decision panel, as somebody really comes there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Route

from .browsing import sign_in, wait_until_live
from .caller import Caller
from .house import House, wait_for

APP = "tests.deciding_app"
REASON = "The bill is missing."


@dataclass
class Stage:
    """A house whose workflows ask under any policy, and people who look at its pages."""

    house: House
    caller: Caller
    browser: Browser
    pages: dict[str, Page] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    """What browsers refused to load or run, because of the policy for content."""

    def page(self, name: str) -> Page:
        """The page of somebody who is signed in."""
        if name not in self.pages:
            context = self.browser.new_context()
            context.on("console", self._listen)
            page = context.new_page()
            page.set_default_timeout(15_000)
            sign_in(page, self.house, name)
            self.pages[name] = page
        return self.pages[name]

    def _listen(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.refused.append(message.text)

    def go(self, name: str, path: str) -> Page:
        page = self.page(name)
        page.goto(f"{self.house.url}{path}")
        wait_until_live(page)
        return page

    def ask(self, subject: str, **policy: object) -> tuple[str, str]:
        """A question under a policy: the ids of run and request."""
        run_id = self.caller.start("decides", subject=subject, **policy)
        return run_id, wait_for(lambda: self.house.question(run_id))

    def open(self, subject: str, name: str = "ada", **policy: object) -> Page:
        """Somebody looks at a new question."""
        _, request_id = self.ask(subject, **policy)
        return self.go(name, f"/requests/{request_id}/")

    def one(self, statement: str, *parameters: object) -> str:
        return str(wait_for(lambda: self.house.query(statement, *parameters))[0][0])


@contextmanager
def staged(data: Path, browser: Browser) -> Iterator[Stage]:
    """A house with the demo, and the workflow of the scenes."""
    house = House(data, HOLDPOINT_APPS=APP).start()
    caller = Caller(house)
    stage = Stage(house, caller, browser)
    try:
        yield stage
    finally:
        for page in stage.pages.values():
            page.context.close()
        caller.close()
        house.stop()


# The panel


def panel_open(stage: Stage) -> Page:
    return stage.open("Open")


def panel_claimed_by_me(stage: Stage) -> Page:
    page = stage.open("Claimed by me", claim="on_typing")
    page.click("#claim")
    page.wait_for_selector("#release")
    return page


def panel_claimed_by_other(stage: Stage) -> Page:
    _, request_id = stage.ask("Claimed by somebody else", claim="on_typing")
    bob = stage.go("bob", f"/requests/{request_id}/")
    bob.click("#claim")
    bob.wait_for_selector("#release")
    return stage.go("ada", f"/requests/{request_id}/")


def panel_submitting(stage: Stage) -> Page:
    """The answer is on its way, and the server says nothing yet."""
    _, request_id = stage.ask("Submitting")
    page = stage.page("ada").context.new_page()  # which is left so
    page.goto(f"{stage.house.url}/requests/{request_id}/")
    page.route("**/requests/**", _hold_posts)
    page.click("#outcome-1")
    page.wait_for_selector("#outcome-1[aria-busy=true]")
    return page


def _hold_posts(route: Route) -> None:
    if route.request.method != "POST" or "draft" in route.request.url:
        route.continue_()


def panel_invalid(stage: Stage) -> Page:
    page = stage.open("Invalid")
    page.fill("[name$=amount]", "900")
    page.click("#outcome-2")
    page.wait_for_selector("#error-summary")
    return page


def panel_conflict(stage: Stage) -> Page:
    """Somebody else was faster."""
    _, request_id = stage.ask("Conflict", undo_seconds=0)
    page = stage.go("ada", f"/requests/{request_id}/")
    page.fill("[name$=note]", "Half of it is enough.")
    bob = stage.go("bob", f"/requests/{request_id}/")
    bob.fill("#id_reason", REASON)
    bob.click("#outcome-2")
    bob.wait_for_url(lambda url: request_id not in url)
    page.dispatch_event("#outcome-1", "click")  # as if the news were still on the way
    page.wait_for_selector("#theirs-title")
    return page


def panel_changed(stage: Stage) -> Page:
    """What was shown is not what is asked."""
    page = stage.open("Changed")
    page.evaluate("document.querySelector('[name=digest]').value = '0'.repeat(64)")
    page.click("#outcome-1")
    page.wait_for_selector("#decide #review-again")
    return page


def panel_expired(stage: Stage) -> Page:
    run_id, request_id = stage.ask("Expired", due_in=0.1, on_due="reject")
    wait_for(
        lambda: "input_expired" in stage.house.kinds(run_id) or _over(stage, run_id)
    )
    return stage.go("ada", f"/requests/{request_id}/")


def _over(stage: Stage, run_id: str) -> bool:
    return stage.house.status(run_id) == "completed"


def panel_withdrawn(stage: Stage) -> Page:
    run_id, request_id = stage.ask("Withdrawn")
    stage.caller.abort(run_id, "The customer has called.")
    return stage.go("ada", f"/requests/{request_id}/")


def panel_undo(stage: Stage) -> Page:
    """Decided, and it can still be taken back."""
    _, request_id = stage.ask("Undo runs", undo_seconds=3600)
    page = stage.go("ada", f"/requests/{request_id}/")
    page.click("#outcome-1")
    page.wait_for_selector(".toast")
    return stage.go("ada", f"/requests/{request_id}/")


def panel_decided(stage: Stage) -> Page:
    _, request_id = stage.ask("Decided", undo_seconds=0)
    page = stage.go("ada", f"/requests/{request_id}/")
    page.fill("[name$=amount]", "95")
    page.click("#outcome-1")
    page.wait_for_url(lambda url: request_id not in url)
    return stage.go("ada", f"/requests/{request_id}/")


def panel_partly(stage: Stage) -> Page:
    _, request_id = stage.ask("Partly approved", approvals=2)
    page = stage.go("ada", f"/requests/{request_id}/")
    page.click("#outcome-1")
    page.wait_for_url(lambda url: request_id not in url)
    return stage.go("ada", f"/requests/{request_id}/")


def panel_no_right(stage: Stage) -> Page:
    return stage.open("No right", "olga")


def panel_offline(stage: Stage) -> Page:
    page = stage.open("Offline")
    page.fill("[name$=note]", "Typed in a tunnel.")
    page.context.set_offline(True)
    page.click("#outcome-1")
    page.wait_for_selector("#not-sent:visible")
    page.context.set_offline(False)
    return page


def panel_confirm(stage: Stage) -> Page:
    page = stage.open("Confirm", confirm="delete")
    page.fill("#id_reason", REASON)
    page.click("#outcome-3")
    page.wait_for_selector("dialog[open]")
    return page


# The pages


def login(stage: Stage) -> Page:
    page = stage.browser.new_context().new_page()
    page.goto(f"{stage.house.url}/login/")
    stage.pages["nobody"] = page
    return page


def queue(stage: Stage) -> Page:
    return stage.go("ada", "/queue/")


def queue_empty(stage: Stage) -> Page:
    return stage.go("ada", "/queue/?tab=snoozed")


def queue_filtered_out(stage: Stage) -> Page:
    return stage.go("ada", "/queue/?q=nothing-is-called-so")


def queue_selected(stage: Stage) -> Page:
    page = stage.go("ada", "/queue/?workflow=expense")
    for box in page.locator("#queue-rows input[type=checkbox]").all()[:2]:
        box.check()
    return page


def request_diff(stage: Stage) -> Page:
    return _of_demo(stage, "Public notice%")


def request_edited(stage: Stage) -> Page:
    page = _of_demo(stage, "Refund 184%")
    page.fill("[name$=amount]", "120")
    return page


def request_json(stage: Stage) -> Page:
    return _of_demo(stage, "Deploy%")


def _of_demo(stage: Stage, subject: str) -> Page:
    statement = "SELECT id FROM workflows_app_inputrequest WHERE subject LIKE %s"
    return stage.go("ada", f"/requests/{stage.one(statement, subject)}/")


def runs(stage: Stage) -> Page:
    return stage.go("olga", "/runs/")


def run_timeline(stage: Stage) -> Page:
    return _run(stage, "timeline")


def run_graph(stage: Stage) -> Page:
    return _run(stage, "graph")


def run_snapshots(stage: Stage) -> Page:
    return _run(stage, "snapshots")


def run_state(stage: Stage) -> Page:
    return _run(stage, "state")


def run_data(stage: Stage) -> Page:
    return _run(stage, "data")


def _run(stage: Stage, tab: str) -> Page:
    statement = "SELECT id FROM workflows_app_run WHERE workflow = %s LIMIT 1"
    run_id = stage.one(statement, "public-notice")
    return stage.go("olga", f"/runs/{run_id}/?tab={tab}")


def run_failed(stage: Stage) -> Page:
    run_id = stage.caller.start("decides", subject="Fails", due_in=0.1)
    wait_for(lambda: stage.house.status(run_id) == "failed")
    return stage.go("olga", f"/runs/{run_id}/")


def start(stage: Stage) -> Page:
    return stage.go("ada", "/runs/start/refund/")


def dashboard(stage: Stage) -> Page:
    return stage.go("olga", "/dashboard/")


def preferences(stage: Stage) -> Page:
    return stage.go("ada", "/preferences/")


def guest(stage: Stage) -> Page:
    """Somebody without an account follows his link."""
    page = stage.open("For a guest", "dana")
    page.click("#guest-link summary")
    page.fill("#link-person", "Mr Ferreira")
    page.click("#link-send")
    link = page.locator("#link-address").input_value()
    visitor = stage.browser.new_context().new_page()
    visitor.goto(link)
    stage.pages["guest"] = visitor
    return visitor


PANELS: dict[str, Callable[[Stage], Page]] = {
    each.__name__: each
    for each in (
        panel_open,
        panel_claimed_by_me,
        panel_claimed_by_other,
        panel_submitting,
        panel_invalid,
        panel_conflict,
        panel_changed,
        panel_expired,
        panel_withdrawn,
        panel_undo,
        panel_decided,
        panel_partly,
        panel_no_right,
        panel_offline,
        panel_confirm,
    )
}
"""The states of the decision panel."""

PAGES: dict[str, Callable[[Stage], Page]] = {
    each.__name__: each
    for each in (
        login,
        queue,
        queue_empty,
        queue_filtered_out,
        queue_selected,
        request_diff,
        request_edited,
        request_json,
        runs,
        run_timeline,
        run_graph,
        run_snapshots,
        run_state,
        run_data,
        run_failed,
        start,
        dashboard,
        preferences,
        guest,
    )
}
"""The pages, with what reviewers and operators find there."""
