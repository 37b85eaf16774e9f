"""`demo.json`: what a program must know to drive the demo, and where logins are kept."""

import os
from pathlib import Path

from pydantic import BaseModel, Field

NAME = "demo.json"


class Login(BaseModel):
    """A demo person and the password that signs in."""

    name: str
    password: str = Field(repr=False)
    groups: list[str]


class Sender(BaseModel):
    """A source of webhooks and the secret that signs them."""

    name: str
    scheme: str
    secret: str = Field(repr=False)
    action: str = "start"
    workflow: str


class Demo(BaseModel):
    """The demo as it was loaded; `data_dir` is ours and stays out of the file."""

    url: str
    users: list[Login]
    api_token: str | None = Field(None, repr=False)
    sources: list[Sender]
    data_dir: Path = Field(Path(), exclude=True)

    @property
    def passwords(self) -> dict[str, str]:
        return {login.name: login.password for login in self.users}


def find_demo(data_dir: Path) -> Demo | None:
    """What an earlier start has written; None if that is gone or unreadable."""
    try:
        return Demo.model_validate_json((data_dir / NAME).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def write_demo_json(data_dir: Path, demo: Demo) -> None:
    """Write it for the owner's eyes only, and complete before it has its name."""
    write_privately(data_dir / NAME, demo.model_dump_json(indent=2).encode() + b"\n")


def write_privately(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_bytes(content)
    draft.replace(path)
