"""How a command ends: in which words, and with which exit code for scripts."""

from django.core.management import CommandError

from workflows_app.shown.visible import visible

REFUSED = 1
"""It was understood and not done, or the run that was waited for did not complete."""

UNREADABLE = 2
"""What was given cannot be read; the same code as for options that do not exist."""

NOT_YET = 3
"""Nothing waits, or what was waited for has not come in time."""

BROKEN_PIPE = 141
INTERRUPTED = 130
"""As shells tell it: 128 and the number of the signal."""


class Error(CommandError):
    """Why a command did not do what it was asked for."""

    def __init__(self, message: str, returncode: int = REFUSED) -> None:
        super().__init__(visible(message), returncode=returncode)
