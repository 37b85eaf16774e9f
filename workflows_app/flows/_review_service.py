"""Stands for a service that reviews texts, and posts its decision to a callback URL.

Each question has a folder of its own with a file for each thing that happened to it, so
a file has one writer: `question.json`, `callback.json`, `decision.json`.
"""

import json
import os
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ._review import ReviewComplete, data_folder


class ReviewService:
    """The service's side of it: what it was asked, and what its people decided."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or data_folder()) / "review-service"

    def ask(self, question_id: str, question: str) -> None:
        """Put a question; the same id is the same question."""
        self._write(question_id, "question", {"question": question})

    def call_back(self, question_id: str, url: str) -> None:
        """Say where the decision is to be posted; the latest URL counts."""
        self._write(question_id, "callback", {"url": url})

    def find(self, question_id: str) -> ReviewComplete | None:
        """What it has decided already: a callback may have found nobody."""
        decision = self._read(question_id, "decision")
        return None if decision is None else ReviewComplete(**decision)

    def pending(self) -> dict[str, str]:
        """The questions that nobody has decided, by id."""
        ids = [path.parent.name for path in self._folder.glob("*/question.json")]
        asked = {
            each: self._read(each, "question") for each in ids if not self.find(each)
        }
        return {each: content["question"] for each, content in asked.items() if content}

    def decide(self, question_id: str, decision: ReviewComplete) -> None:
        """Keep the first decision, then post it, if somebody listens."""
        if self.find(question_id) is None:
            self._write(question_id, "decision", decision.to_dict())
        callback = self._read(question_id, "callback")
        if callback is not None:
            content = {"id": question_id, **decision.to_dict()}
            with suppress(OSError, HTTPException):  # its next listener looks here first
                post(callback["url"], content)

    def _write(self, question_id: str, name: str, content: dict[str, Any]) -> None:
        """At once or not at all, whatever dies meanwhile."""
        path = self._folder / question_id / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(content))
        new.replace(path)

    def _read(self, question_id: str, name: str) -> dict[str, Any] | None:
        path = self._folder / question_id / f"{name}.json"
        if not path.exists():
            return None
        content: dict[str, Any] = json.loads(path.read_text())
        return content


def post(url: str, content: dict[str, Any]) -> int:
    """POST a JSON object; the status of the reply."""
    target = urlsplit(url)
    connection = HTTPConnection(target.netloc, timeout=2)
    try:
        headers = {"Content-Type": "application/json"}
        path = f"{target.path}?{target.query}"
        connection.request("POST", path, json.dumps(content), headers)
        return connection.getresponse().status
    finally:
        connection.close()
