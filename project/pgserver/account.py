"""As whom PostgreSQL runs when we are root, which it refuses to be."""

import functools
import os
import pwd
import subprocess
from pathlib import Path


def command_prefix(directory: Path) -> list[str]:
    """Return the words to put before a program that works on this directory.

    Root enters a user namespace in which it is called nobody: files keep their owner
    and modes. Where namespaces are forbidden, the directory goes to another account.
    """
    if os.geteuid() != 0:
        return []
    owner = directory.stat().st_uid
    if owner == 0 and _may_use_namespaces():
        return _namespace()
    return _other_account(_give_away(directory) if owner == 0 else owner)


def _namespace() -> list[str]:
    account = pwd.getpwnam("nobody")
    as_nobody = [f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}"]
    return ["unshare", "--user", *as_nobody, "--"]


@functools.cache
def _may_use_namespaces() -> bool:
    """Try it: containers often forbid it, and old tools do not know how."""
    attempt = [*_namespace(), "true"]
    try:
        done = subprocess.run(attempt, capture_output=True, check=False)  # noqa: S603 - constant
    except OSError:
        return False
    return done.returncode == 0


def _other_account(owner: int) -> list[str]:
    """Become somebody else who still gets through root's private directories."""
    identity = [f"--reuid={owner}", f"--regid={pwd.getpwuid(owner).pw_gid}"]
    passage = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return ["setpriv", *identity, "--clear-groups", *passage, "--"]


def _give_away(directory: Path) -> int:
    """Let the account "postgres", or else "nobody", own the directory."""
    names = {account.pw_name: account for account in pwd.getpwall()}
    account = names.get("postgres") or names["nobody"]
    for path in [directory, *directory.rglob("*")]:
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return account.pw_uid
