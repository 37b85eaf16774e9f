"""A Slack on this machine, a channel in it that is told, and people who are known there."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from tests.slack import fake
from workflows_app.models import SlackChannel, SlackIdentity, SlackWorkspace


@pytest.fixture
def slack(settings: LazySettings) -> Iterator[fake.Slack]:
    with fake.serving() as slack:
        settings.SLACK_API = slack.api
        settings.PUBLIC_URL = "https://holdpoint.example"
        yield slack


@pytest.fixture
def workspace(transactional_db: None) -> SlackWorkspace:
    return SlackWorkspace.objects.create(
        name="example",
        team_id=fake.TEAM,
        bot_token=fake.TOKEN,
        signing_secret=fake.SECRET,
    )


@pytest.fixture
def channel(workspace: SlackWorkspace) -> SlackChannel:
    """Told of all that is asked."""
    return SlackChannel.objects.create(
        name="decisions", workspace=workspace, conversation=fake.CHANNEL
    )


@pytest.fixture
def ana(transactional_db: None, person: Callable[..., User]) -> User:
    """Reviews, and is known in Slack."""
    user = person("ana", "reviewers")
    SlackIdentity.objects.create(team_id=fake.TEAM, slack_user=fake.ANA, user=user)
    return user
