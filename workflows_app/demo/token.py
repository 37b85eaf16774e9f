"""The program of the demo, and its token for everything."""

from django.contrib.auth.models import Group, User

from workflows_app.api import tokens
from workflows_app.models import ApiToken, Scope
from workflows_app.roles import ROLES

ROBOT = "robot"
NAME = "demo"
RATE = 6_000


def load_token(known: str | None) -> str:
    """The token that is known, as long as it counts; else a new one."""
    if known is not None and tokens.find(known) is not None:
        return known
    old = ApiToken.objects.filter(name=NAME, user__username=ROBOT)
    tokens.revoke(list(old.values_list("pk", flat=True)))
    return tokens.issue(_load_robot(), NAME, tuple(Scope), rate=RATE).text


def _load_robot() -> User:
    """It may do everything that people may, and cannot sign in."""
    robot, is_new = User.objects.get_or_create(username=ROBOT)
    if is_new:
        robot.set_unusable_password()
        robot.save(update_fields=["password"])
        robot.groups.add(*Group.objects.filter(name__in=ROLES))
    return robot
