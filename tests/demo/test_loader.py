"""The demo's people, source and receiver: made once, and kept as they are."""

import json
import stat
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import Settings

from tests.demo.conftest import URL
from workflows_app import access
from workflows_app.demo import loader
from workflows_app.demo.demo_json import Demo
from workflows_app.models import Receiver, Source
from workflows_app.notify.signing import check_secret


def test_the_people_of_the_demo_can_sign_in(demo: Demo) -> None:
    assert [login.name for login in demo.users] == [
        "ada",
        "bob",
        "dana",
        "olga",
        "root",
    ]
    for login in demo.users:
        assert Client().login(username=login.name, password=login.password)


def test_people_are_in_the_groups_that_are_told(demo: Demo) -> None:
    told = {login.name: login.groups for login in demo.users}

    assert told == {
        "ada": ["reviewers"],
        "bob": ["reviewers"],
        "dana": ["leads"],
        "olga": ["operators"],
        "root": [],
    }
    for name, groups in told.items():
        assert access.groups_of(User.objects.get(username=name)) == set(groups)


def test_only_operators_and_root_may_enter_the_admin_site(demo: Demo) -> None:
    staff = User.objects.filter(is_staff=True).values_list("username", flat=True)

    assert sorted(staff) == ["olga", "root"]
    assert User.objects.get(is_superuser=True).username == "root"


def test_operators_see_every_table_and_change_what_comes_and_goes(demo: Demo) -> None:
    olga = User.objects.get(username="olga")

    seen = [f"workflows_app.view_{n}" for n in ("run", "inputrequest", "runevent")]
    assert olga.has_perms([*seen, "workflows_app.view_delivery"])
    assert olga.has_perms(
        [
            f"workflows_app.{act}_{name}"
            for act in ("add", "change")
            for name in ("source", "receiver", "message")
        ]
    )
    assert not olga.has_perm("workflows_app.change_run")
    assert not olga.has_perm("workflows_app.delete_source")


def test_the_source_starts_the_release_gate(demo: Demo) -> None:
    source = Source.objects.get(name="github")

    assert (source.name, source.scheme, source.workflow) == (
        "github",
        "github",
        "release-gate",
    )
    assert source.groups == ["reviewers", "leads"]
    assert demo.sources[0].secret == source.secrets[0]
    assert len(source.secrets[0]) > 30


def test_the_receiver_is_the_demo_itself(demo: Demo) -> None:
    receiver = Receiver.objects.get()

    assert receiver.url == f"{URL}/demo/receiver/"
    check_secret(receiver.secret)


def test_a_second_start_changes_nothing(demo: Demo, tmp_path: Path) -> None:
    loader.write_demo_json(tmp_path, demo)
    hashes = list(User.objects.order_by("pk").values_list("password", flat=True))

    again = loader.load(tmp_path, URL)
    assert again == demo
    assert hashes == list(
        User.objects.order_by("pk").values_list("password", flat=True)
    )
    assert (Source.objects.count(), Receiver.objects.count()) == (2, 1)


def test_what_an_operator_changed_stays_changed(demo: Demo, tmp_path: Path) -> None:
    Source.objects.filter(name="github").update(secrets=["a new one"], mode="off")
    User.objects.get(username="bob").groups.set([Group.objects.get(name="leads")])
    loader.write_demo_json(tmp_path, demo)

    assert loader.load(tmp_path, URL).sources[0].secret == "a new one"
    assert Source.objects.get(name="github").mode == "off"
    assert access.groups_of(User.objects.get(username="bob")) == {"leads"}


@pytest.mark.parametrize("left", [None, "", "[]", '{"url": 1}'])
def test_lost_passwords_are_set_anew(
    demo: Demo, tmp_path: Path, left: str | None
) -> None:
    if left is not None:
        (tmp_path / "demo.json").write_text(left)
    again = loader.load(tmp_path, URL)

    assert again.passwords["ada"] != demo.passwords["ada"]
    assert Client().login(username="ada", password=again.passwords["ada"])


def test_known_passwords_are_used_for_a_new_database(
    demo: Demo, tmp_path: Path
) -> None:
    loader.write_demo_json(tmp_path, demo)
    User.objects.all().delete()
    loader.load(tmp_path, URL)

    assert Client().login(username="dana", password=demo.passwords["dana"])


def test_the_receivers_address_follows_the_port(demo: Demo, tmp_path: Path) -> None:
    secret = Receiver.objects.get().secret
    loader.load(tmp_path, "http://127.0.0.1:9000/")

    receiver = Receiver.objects.get()
    assert receiver.url == "http://127.0.0.1:9000/demo/receiver/"
    assert receiver.secret == secret


def test_demo_json_says_what_programs_need(demo: Demo, tmp_path: Path) -> None:
    loader.write_demo_json(tmp_path, demo)
    written = json.loads((tmp_path / "demo.json").read_text())

    assert written == {
        "url": URL,
        "users": [login.model_dump() for login in demo.users],
        "api_token": demo.api_token,
        "sources": [
            {
                "name": "github",
                "scheme": "github",
                "secret": demo.sources[0].secret,
                "action": "start",
                "workflow": "release-gate",
            },
            {
                "name": "decisions",
                "scheme": "standard",
                "secret": demo.sources[1].secret,
                "action": "answer",
                "workflow": "release-gate",
            },
        ],
    }


def test_demo_json_is_for_its_owners_eyes_only(demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    path.write_text("{}")
    path.chmod(0o644)
    loader.write_demo_json(tmp_path, demo)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["demo.json"]


def test_secrets_do_not_appear_when_the_demo_is_logged(demo: Demo) -> None:
    assert demo.passwords["ada"] not in repr(demo)
    assert demo.sources[0].secret not in repr(demo)


def test_in_production_no_demo_is_loaded(
    tmp_path: Path, db: None, settings: Settings
) -> None:
    settings.PROFILE = "production"
    with pytest.raises(loader.NotADemoError):
        loader.load(tmp_path, URL)

    assert not User.objects.exists()
