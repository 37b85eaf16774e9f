"""One request as a message: what it asks while it is open, what became of it after that.

The same facts always give the same message; nothing is looked up here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workflows_app.engine.policy import ReviewPolicy, needed
from workflows_app.shown.decisions import decided, label_of
from workflows_app.shown.redaction import Redactor

from .buttons import Press, button, link_button, link_label, pressable
from .summary import summarise
from .texts import Part, line, marked, plain

HEADER, FALLBACK, NAME, REASON, LEFT_OUT, EFFECT = 150, 300, 150, 500, 500, 120
"""Characters of the title, of the text for notifications, of names, and so on."""

MOST_EFFECTS = 10
MOST_VOTERS = 20
MOST_VOTED = 5


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person, program or deadline has chosen, and when."""

    kind: str
    name: str
    outcome: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a message tells of a request. `address` is empty if there is none."""

    request: UUID
    content: Mapping[str, Any]
    policy: Mapping[str, Any]
    digest: str
    status: str
    workflow: str
    opened_at: datetime
    expires_at: datetime | None = None
    closed_at: datetime | None = None
    votes: tuple[Vote, ...] = ()
    decision: Vote | None = None
    address: str = ""

    @property
    def is_open(self) -> bool:
        return self.status == "open"

    @property
    def subject(self) -> str:
        return Redactor().mask_text(str(self.content["subject"])) or "(no subject)"

    @property
    def decided_at(self) -> datetime | None:
        """When it was decided, if that still counts."""
        if self.decision is None or self.status == "withdrawn":
            return None
        return self.decision.at


def draw(facts: Facts) -> Part:
    """The arguments of a message: its blocks, and the text for notifications."""
    return _draw_open(facts) if facts.is_open else _draw_closed(facts)


def moment(at: datetime) -> str:
    """A moment in the time zone of whoever reads it; `mrkdwn` only."""
    told = f"{at:%d %b %H:%M} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{told}>"


def _draw_open(facts: Facts) -> Part:
    summary = summarise(facts.content)
    header = {"type": "header", "text": plain(line(facts.subject, HEADER))}
    blocks = [header, *summary.blocks]
    if summary.left_out:
        left_out = f"Only in Holdpoint: {', '.join(summary.left_out)}"
        blocks.append(_context(plain(line(left_out, LEFT_OUT))))
    effects = _effects(facts)
    if effects:
        blocks.append(_context(*effects))
    blocks.append(_context(marked(_known(facts))))
    row = _row(facts)
    if row:
        blocks.append({"type": "actions", "elements": row})
    text = line(f"To decide: {facts.subject}", FALLBACK)
    return {"text": text, "blocks": blocks}


def _draw_closed(facts: Facts) -> Part:
    done, by = _fate(facts)
    at = facts.decided_at or facts.closed_at
    when = f" {moment(at)}" if at else ""
    subject = {"type": "section", "text": plain(line(facts.subject, HEADER))}
    fate = {"type": "section", "text": marked(f"*{done}*{by}{when}")}
    blocks = [subject, fate]
    reason = facts.decision.reason if facts.decision else ""
    if reason:
        masked = Redactor().mask_text(reason)
        blocks.append(_context(plain(line(f"“{masked}”", REASON))))
    if facts.address:
        link = f"<{facts.address}|See it in Holdpoint>"
        blocks.append(_context(marked(link)))
    text = f"{done}{by}: {line(facts.subject, FALLBACK)}"
    return {"text": text, "blocks": blocks}


def _context(*elements: Part) -> Part:
    return {"type": "context", "elements": list(elements)}


def _effects(facts: Facts) -> list[Part]:
    """What each outcome leads to, where its author says so."""
    told = [
        f"{each['label']}: {each['effect']}"
        for each in facts.content["outcomes"]
        if each.get("effect")
    ]
    return [plain(line(text, EFFECT)) for text in told[:MOST_EFFECTS]]


def _known(facts: Facts) -> str:
    """Where it comes from, since when it waits, until when, and who has voted."""
    told = [line(facts.workflow, NAME), f"asked {moment(facts.opened_at)}"]
    if facts.expires_at is not None:
        told.append(f"due {moment(facts.expires_at)}")
    return " · ".join([*told, *_votes(facts)])


def _votes(facts: Facts) -> list[str]:
    policy = ReviewPolicy.load(facts.policy)
    if policy.approvals == 1:
        return []
    told = [f"{policy.approvals} people must agree"]
    voted = list(dict.fromkeys(vote.outcome for vote in facts.votes))
    for outcome in voted[:MOST_VOTED]:
        names = [v.name for v in facts.votes if v.outcome == outcome]
        of = needed(policy, facts.content["outcomes"], outcome)
        label = line(label_of(facts.content, outcome), NAME)
        who = line(", ".join(names[:MOST_VOTERS]), NAME)
        told.append(f"{label}: {len(names)} of {of} ({who})")
    return told


def _row(facts: Facts) -> list[Part]:
    """The buttons that decide, and the one that leads to the page."""
    outcomes = facts.content["outcomes"]
    pressed = pressable(facts.content, facts.policy)
    row = [
        button(Press(facts.request, facts.digest, place), outcome)
        for place, outcome in pressed.items()
    ]
    if facts.address:
        row.append(link_button(link_label(outcomes, pressed), facts.address))
    return row


def _fate(facts: Facts) -> tuple[str, str]:
    """What became of it, and by whom; escaped."""
    vote = facts.decision
    if facts.status == "withdrawn":
        return "Withdrawn", ": no answer is needed any more"
    if vote is None:
        return "Nobody decided in time", ""
    label = label_of(facts.content, vote.outcome)
    done = line(decided(vote.outcome, label), NAME)
    return f"{done[0].upper()}{done[1:]}", f" by {_who(vote)}"


def _who(vote: Vote) -> str:
    if vote.kind == "deadline":
        return "the deadline"
    if vote.kind == "input_handler":
        return "the workflow itself"
    return line(vote.name, NAME)
