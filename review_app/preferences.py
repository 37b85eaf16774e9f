"""How a person wants the pages to behave."""

from django.contrib.auth.models import User

from review_app.models import Preferences


def preferences_of(user: User) -> Preferences:
    """The person's own; the defaults for who has never chosen."""
    kept: Preferences | None = getattr(user, "preferences", None)
    return kept or Preferences(user=user)
