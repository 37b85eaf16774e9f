"""How to read what GitHub sends: its kind, a title, and the fields that people look for.

GitHub signs the body of a delivery but not the header that names its kind, so the keys
of the body tell it. Nothing here trusts that a key is there, or holds what it should.
"""

import re
from typing import Any

Payload = dict[str, Any]

LINE_LENGTH = 140
"""Characters of one line; GitHub takes no more as the description of a status."""

# Kinds that mean something to the gate, the surest first: later ones are also found
# inside the payloads of earlier ones.
TITLES = {
    "deployment_protection_rule": "Deploy {name} ({deployment.sha}) to {environment}",
    "deployment_review": "Deploy {name} ({workflow_run.head_sha}) to {environment}",
    "deployment_status": "Deployment of {name} to {environment}: {state}",
    "deployment": "Deploy {name} ({deployment.sha}) to {environment}",
    "release": "Release {name} {release.tag_name}: {action}",
    "pull_request": "{name}#{pull_request.number} {action}: {pull_request.title}",
    "workflow_job": "Job {workflow_job.name} of {name}: {action}",
    "workflow_run": "Workflow {workflow_run.name workflow_run.path} of {name}: {state}",
    "check_run": "Check {check_run.name} of {name}: {state}",
    "check_suite": "Checks of {name} ({check_suite.head_sha}): {state}",
    "push": "Push to {ref} of {name}",
}
# The key that tells a kind, where it is not the kind's own name.
SIGNS = {
    "deployment_protection_rule": "deployment_callback_url",
    "deployment_review": "workflow_job_run",
    "push": "commits",
}
# Signs of other kinds whose payloads hold no object of that name.
OTHERS = {
    "zen": "ping",
    "starred_at": "star",
    "ref_type": "branch or tag",
    "forkee": "fork",
    "repositories_added": "installation repositories",
}
ROLLOUTS = {"deployment_protection_rule", "deployment_review", "deployment", "release"}
"""What reaches users: somebody must also say when."""

PRODUCTION = ("prod", "live")

# Places where a payload may hold something; the first that does counts.
FIELDS = {
    "Repository": "repository.full_name",
    "Environment": "environment deployment_status.environment deployment.environment",
    "Version": "release.tag_name",
    "Commit": "deployment.sha workflow_run.head_sha workflow_job.head_sha "
    "check_run.head_sha check_suite.head_sha pull_request.head.sha after sha",
    "Branch": "deployment.ref workflow_run.head_branch check_suite.head_branch "
    "pull_request.head.ref release.target_commitish ref",
    "State": "deployment_status.state workflow_run.conclusion workflow_run.status "
    "check_run.conclusion check_run.status check_suite.conclusion "
    "check_suite.status pull_request.state state action",
    "By": "deployment.creator.login release.author.login pull_request.user.login "
    "requestor.login sender.login",
    "Link": "deployment_status.target_url release.html_url comment.html_url "
    "review.html_url pull_request.html_url issue.html_url workflow_run.html_url "
    "workflow_job.html_url check_run.html_url alert.html_url compare "
    "repository.html_url",
}
TEXTS = (
    "release.body comment.body review.body pull_request.body issue.body "
    "discussion.body deployment.description head_commit.message "
    "workflow_run.head_commit.message"
)
# What a placeholder of a title stands for, if it is not a place itself.
SHORT = {
    "name": "repository.name",
    "environment": FIELDS["Environment"],
    "state": FIELDS["State"],
}
OWNERS = (
    "repository.full_name organization.login installation.account.login sender.login"
)
# What most payloads have beside their own; the first names those with nothing else.
SURROUNDINGS = (
    "repository",
    "installation",
    "organization",
    "sender",
    "action",
    "changes",
    "enterprise",
)


def find_kind(payload: Payload) -> str:
    """GitHub's name of the kind, or the names of the objects that a payload holds."""
    for kind in TITLES:
        if payload.get(SIGNS.get(kind, kind)) is not None:
            return kind
    return next((OTHERS[key] for key in OTHERS if key in payload), _own_name(payload))


def _own_name(payload: Payload) -> str:
    own = [key for key in payload if key not in SURROUNDINGS]
    objects = [key for key in own if isinstance(payload[key], dict)]
    names = (objects or own)[:2] or [key for key in SURROUNDINGS if key in payload][:1]
    return one_line(" ".join(names)) or "message"


def make_title(kind: str, payload: Payload) -> str:
    """What is asked, in one line: "Deploy api (abc1234) to production"."""
    if kind not in TITLES:
        action = f" ({find(payload, 'action')})" if find(payload, "action") else ""
        name = kind.replace("_", " ")
        sent = one_line(f"GitHub sent “{name}”{action} for {find_owner(payload)}")
        return f"{sent}: acknowledge?"
    return re.sub(r"{(.+?)}", lambda match: _fill(match[1], payload), TITLES[kind])


def _fill(paths: str, payload: Payload) -> str:
    text = one_line(find(payload, SHORT.get(paths, paths))) or "?"
    return text[:7] if paths.endswith("sha") else text


def is_grave(kind: str, payload: Payload) -> bool:
    """Whether it is a release, or about the environment that users see."""
    deployment = payload.get("deployment")
    if (
        isinstance(deployment, dict)
        and deployment.get("production_environment") is True
    ):
        return True
    environment = find(payload, FIELDS["Environment"]).lower()
    return kind == "release" or environment.startswith(PRODUCTION)


def find_fields(payload: Payload) -> dict[str, str]:
    found = {label: find(payload, paths) for label, paths in FIELDS.items()}
    return {label: text for label, text in found.items() if text}


def find_text(payload: Payload) -> str:
    """The description, the release notes or the comment, as its author wrote it."""
    return find(payload, TEXTS)


def find_owner(payload: Payload) -> str:
    """The repository, or else whom the delivery is about."""
    return one_line(find(payload, OWNERS)) or "an unknown place"


def find(payload: Payload, paths: str) -> str:
    """The first of the dotted paths that leads to a text or a number; empty if none."""
    for path in paths.split():
        value: Any = payload
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def one_line(text: str) -> str:
    """Text without line ends and hidden characters, and not too long for a list."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 2 * LINE_LENGTH])
    line = " ".join(printable.split())
    return line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…"
