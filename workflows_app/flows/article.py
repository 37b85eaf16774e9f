"""Article: the step listens for the callback of a review service.

The steps: review (blocks on the callback) → publish.
"""

from pydantic import Field

from workflows_app.engine import Context, StartEvent, StopEvent, Workflow, step

from ._callback import CallbackDoor
from ._review import QUARTER_HOUR, ReviewComplete, WaitLimit, question_id, wait_for
from ._review_service import ReviewService


class Article(StartEvent):
    """An article is ready; an outside service has its editors read it."""

    title: str = Field(title="Title", min_length=1, max_length=200)
    text: str = Field(
        title="Text",
        min_length=1,
        max_length=20_000,
        json_schema_extra={"x-ui": {"widget": "textarea"}},
    )
    wait_limit: WaitLimit = QUARTER_HOUR


@step
def review(ctx: Context, ev: Article) -> ReviewComplete | None:
    """Ask once, say where to call back this time, and listen.

    Another attempt has another URL. What was decided while nobody listened is found at
    the service.
    """
    ctx.state.set("title", ev.title)
    service, key = ReviewService(), question_id(ctx)
    ctx.once("ask", service.ask, key, f"Publish “{ev.title}”?\n{ev.text}")
    with CallbackDoor(key) as door:
        service.call_back(key, door.url)
        with ctx.waiting("the editors' callback", limit=ev.wait_limit):
            return wait_for(ctx, lambda: door.listen() or service.find(key))


@step
def publish(ctx: Context, ev: ReviewComplete) -> StopEvent:
    """End with the article's fate."""
    return StopEvent(
        result={
            "title": ctx.state["title"],
            "published": ev.approved,
            "reviewer": ev.reviewer,
            "note": ev.note,
        }
    )


article = Workflow(
    "article",
    [review, publish],
    version="1",
    groups=("reviewers", "leads"),
    description="Publishes an article when a review service calls back with a yes.",
)
