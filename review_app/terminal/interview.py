"""An answer, asked for at the terminal: the sheet of the page, filled in line by line."""

from django.http import QueryDict

from review_app.answer_sheet import CONFIRMED, OUTCOME, WORD, AnswerSheet, Choice
from workflows_app.models import InputRequest

from .fields import Fields
from .prompt import LeftError, Option, Prompt

REASON, DIGEST = "reason", "digest"


class Interview:
    """Asks for what the page of a request has controls for, and objects as the page does.

    What was typed is kept as a browser would send it, so the same sheet reads it.
    """

    def __init__(self, asked: InputRequest, prompt: Prompt) -> None:
        self._asked, self._prompt = asked, prompt
        self._sent = QueryDict(mutable=True)
        self._sent[DIGEST] = asked.digest
        self._fields = Fields(
            lambda sent: AnswerSheet(asked, sent).form, self._sent, prompt
        )

    def sheet(self) -> AnswerSheet:
        """The sheet once nothing on it is missing or wrong. Raises LeftError."""
        self._ask_outcome()
        self._fields.ask()
        self._ask_reason()
        while problems := self._sheet.problems:
            self._prompt.problems(problems)
            self._fields.ask()
        self._confirm()
        return self._sheet

    @property
    def _sheet(self) -> AnswerSheet:
        return AnswerSheet(self._asked, self._sent)

    def _ask_outcome(self) -> None:
        options = [_option(each) for each in self._sheet.outcomes]
        self._sent[OUTCOME] = ""
        while not self._sent[OUTCOME]:
            self._sent[OUTCOME] = self._prompt.one("Your decision", options, "")

    def _ask_reason(self) -> None:
        chosen = self._sheet.chosen
        is_needed = chosen is not None and chosen.needs_reason
        label = "Reason" if is_needed else "Reason (if you like)"
        self._sent[REASON] = self._prompt.text(label, self._sheet.reason)
        while problem := self._sheet.reason_problem:
            self._prompt.objection(problem)
            self._sent[REASON] = self._prompt.text(label, "")

    def _confirm(self) -> None:
        """Ask once more before what cannot be taken back; who does not mean it leaves."""
        chosen = self._sheet.chosen
        while chosen is not None and self._sheet.lacks_confirmation:
            if self._sheet.word_problem:
                self._prompt.objection(self._sheet.word_problem)
            elif chosen.effect:
                self._prompt.screen.say(chosen.effect, "bold")
            self._sent[f"{WORD}{chosen.key}"] = self._ask_to_confirm(chosen)
            self._sent[CONFIRMED] = chosen.key

    def _ask_to_confirm(self, chosen: Choice) -> str:
        """The word that was typed; empty where a yes is enough."""
        if chosen.word:
            typed = self._prompt.text(f"Type the word “{chosen.word}” to confirm", "")
        else:
            typed = (
                "yes"
                if self._prompt.yes(f"Really “{chosen.label}”?", now=False)
                else ""
            )
        if not typed:
            raise LeftError
        return typed if chosen.word else ""


def _option(outcome: Choice) -> Option:
    """An outcome, with what it needs and what it does."""
    about = (
        outcome.label,
        "(dangerous)" if outcome.style == "danger" else "",
        "(needs a reason)" if outcome.needs_reason else "",
        f"→ {outcome.effect}" if outcome.effect else "",
    )
    label = " ".join(filter(None, about))
    return Option(outcome.key, label, (*outcome.keys, outcome.label))
