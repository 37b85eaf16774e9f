"""A door for one callback: an HTTP server on a loopback port, open while a step waits."""

import json
import secrets
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer

import pydantic

from ._review import LOOK_AGAIN, ReviewComplete

LARGEST = 10_000


class CallbackDoor(TCPServer):
    """Takes `POST /decision?key=…` for one question, where only this machine can.

    The key is new for each door: who was not told the URL cannot decide. (No HTTPServer:
    that one asks the name service for its own name first, which may take seconds.)
    """

    def __init__(self, question_id: str) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.timeout = LOOK_AGAIN
        self.question_id = question_id
        self.path = f"/decision?key={secrets.token_urlsafe()}"
        self.url = f"http://127.0.0.1:{self.server_address[1]}{self.path}"
        self.decision: ReviewComplete | None = None

    def listen(self) -> ReviewComplete | None:
        """Wait for a moment; the decision, if it has come."""
        self.handle_request()
        return self.decision

    def take(self, path: str, body: bytes) -> int:
        """Read a decision; the HTTP status that tells what became of it."""
        if not compare_digest(path.encode(), self.path.encode()):
            return 404
        try:
            content = json.loads(body)
            if content.pop("id", None) != self.question_id:
                return 409
            self.decision = ReviewComplete(**content)
        except (AttributeError, TypeError, ValueError, pydantic.ValidationError):
            return 400
        return 204


class _Request(BaseHTTPRequestHandler):
    server: CallbackDoor
    timeout = 5

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(length), LARGEST) if length.isdigit() else 0)
        self.send_response(self.server.take(self.path, body))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the run's log tells what was decided."""
