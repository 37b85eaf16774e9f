"""Whether a channel can be told: asked of Slack itself, with a message that says so."""

from workflows_app.models import SlackChannel

from .api import SlackError, SlackRefusedError, call
from .showing import ADVICE, ALWAYS
from .texts import line

SECONDS = 5.0
TEXT = "A test of Holdpoint: this channel will be told of what waits for a decision."


async def try_out(channel: SlackChannel) -> str:
    """Post a test message; what is wrong, in words, and empty when nothing is."""
    workspace = channel.workspace
    try:
        who = await call(workspace.bot_token, "auth.test", {}, seconds=SECONDS)
        team = str(who.get("team_id"))
        if team != workspace.team_id:
            known = line(team, len(workspace.team_id))
            return f"The bot token is of team {known}, not of {workspace.team_id}."
        told = {"channel": channel.conversation, "text": TEXT, **ALWAYS}
        await call(workspace.bot_token, "chat.postMessage", told, seconds=SECONDS)
    except SlackRefusedError as refused:
        return f"{refused} {ADVICE.get(refused.code, '')}".strip()
    except SlackError as error:
        return str(error)
    return ""
