"""`invite`: makes a person, and the link with which he sets his password."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode


def _address() -> str:
    if settings.IS_PRODUCTION:
        return f"https://{settings.ALLOWED_HOSTS[0].removeprefix('.')}"
    return f"http://127.0.0.1:{settings.PORT}"


class Command(BaseCommand):
    """Run again for the same name, it makes a new link and adds the groups."""

    help = "Invite a person: prints a link, good for three days, to set a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name to sign in with")
        parser.add_argument(
            "groups",
            nargs="+",
            help="reviewers, leads, operators, or groups of your own",
        )
        parser.add_argument(
            "--url",
            default=_address(),
            help="where people reach Holdpoint (default: %(default)s)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        user = self._invite(options["name"], options["groups"])
        address = reverse(
            "review:welcome",
            args=[
                urlsafe_base64_encode(force_bytes(user.pk)),
                default_token_generator.make_token(user),
            ],
        )
        self.stdout.write(f"{options['url'].rstrip('/')}{address}")

    @transaction.atomic
    def _invite(self, name: str, groups: list[str]) -> User:
        user = User.objects.filter(username=name).first() or self._make(name)
        known = {group.name: group for group in Group.objects.all()}
        for group in groups:
            if group not in known:
                names = ", ".join(sorted(known))
                raise CommandError(f"There is no group {group!r}; there are: {names}.")
            user.groups.add(known[group])
        return user

    def _make(self, name: str) -> User:
        user = User(username=name)
        user.set_unusable_password()
        try:
            user.full_clean(exclude=["password"])
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        user.save()
        return user
