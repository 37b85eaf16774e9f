"""The secret key: from the environment, or one of this installation's own."""

import os
import secrets
from pathlib import Path

from project import env


def secret_key(data: Path, *, required: bool) -> str:
    """SECRET_KEY, or for a demo one that is made once and kept in the data folder."""
    key = env.text("SECRET_KEY")
    if key:
        return key
    if required:
        raise SystemExit("SECRET_KEY is not set: the production profile needs it.")
    return _kept_key(data / "secret_key")


def _kept_key(path: Path) -> str:
    """Read the key; whoever is first writes it, complete before it has its name."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first: its key counts
        finally:
            draft.unlink()
    return path.read_text().strip()
