"""What the pages remember of each person; nothing here decides anything."""

from .draft import Draft
from .preferences import Preferences
from .presence import Presence
from .saved_view import SavedView
from .snooze import Snooze

__all__ = ["Draft", "Preferences", "Presence", "SavedView", "Snooze"]
