"""Tokens in the admin site: made by administrators, shown once, revoked by operators."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from workflows_app.api import tokens
from workflows_app.models import ApiToken, Scope

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
LIST = reverse("admin:workflows_app_apitoken_changelist")
ADD = reverse("admin:workflows_app_apitoken_add")


def test_a_token_is_shown_once_and_works(
    root: User, ada: User, signed_in: SignIn
) -> None:
    form = {"name": "ci", "user": ada.pk, "scopes": ["read", "ask"], "rate": "60"}
    page = signed_in(root).post(ADD, form)

    found = re.search(r'<code id="token">(hp_[\w-]{43})</code>', page.content.decode())
    assert found is not None
    token = ApiToken.objects.get()
    assert (token.user, token.scopes, token.rate) == (ada, ["read", "ask"], 60)
    assert "no-store" in page["Cache-Control"]
    shown = {"authorization": f"Bearer {found[1]}"}
    assert Client().get("/api/v1/runs", headers=shown).status_code == 200
    again = signed_in(root).get(
        reverse("admin:workflows_app_apitoken_change", args=[token.pk])
    )
    assert found[1] not in again.content.decode()
    assert token.token_hash not in again.content.decode()


@pytest.mark.parametrize(
    "odd", [{"scopes": []}, {"scopes": ["all"]}, {"rate": "0"}, {"user": ""}]
)
def test_a_token_that_can_do_nothing_is_not_made(
    root: User, ada: User, signed_in: SignIn, odd: dict[str, object]
) -> None:
    form = {"name": "ci", "user": ada.pk, "scopes": ["read"], "rate": "60", **odd}

    assert signed_in(root).post(ADD, form).status_code == 200
    assert not ApiToken.objects.exists()


def test_operators_see_and_revoke_tokens_but_make_none(
    olga: User, ada: User, signed_in: SignIn
) -> None:
    olga.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
    issued = tokens.issue(ada, "ci", [Scope.READ])
    browser = signed_in(olga)

    assert "ci" in browser.get(LIST).content.decode()
    assert browser.get(ADD).status_code == 403
    browser.post(LIST, {"action": "revoke_tokens", "_selected_action": issued.token.pk})

    assert tokens.find(issued.text) is None
    assert "revoked" in browser.get(LIST).content.decode()


def test_nobody_deletes_a_token(root: User, ada: User, signed_in: SignIn) -> None:
    issued = tokens.issue(ada, "ci", [Scope.READ])
    address = reverse("admin:workflows_app_apitoken_delete", args=[issued.token.pk])

    assert signed_in(root).post(address, {"post": "yes"}).status_code == 403
