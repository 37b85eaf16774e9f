"""`python -m benchmarks.queue_pages`: how long the pages of a seeded queue take.

Run `python -m benchmarks.seed` first. Each page is drawn some times, in this process;
the fastest time counts, because everything else on the machine only adds to it.
"""

import os
import sys
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TIMES = 7
TABS = ("", "tab=mine", "tab=all", "tab=snoozed", "tab=decided")
SORTS = ("tab=all&sort=priority", "tab=all&sort=newest", "tab=all&sort=oldest")
FILTERS = ("tab=all&workflow=release", "tab=all&tag=vip", "tab=all&q=1042", "due=soon")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    from django.contrib.auth.models import Group, User  # noqa: PLC0415

    reviewer = User.objects.get(username="reviewer-0")
    operator, _ = User.objects.get_or_create(username="seed-operator")
    operator.groups.add(Group.objects.get_or_create(name="operators")[0])
    sys.stdout.write(f"{'':10} {'':44} {'ms':>7} {'cpu':>7} queries\n")
    for user in (reviewer, operator):
        for query in (*TABS, *SORTS, *FILTERS):
            measure(user, f"/queue/?{query}")
        measure(user, f"/requests/{_pk_in_the_middle(user)}/?tab=all")


def measure(user: "User", address: str) -> None:
    """Draw a page some times, and write down the fastest."""
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    queries = len(captured)
    if response.status_code != 200:  # noqa: PLR2004 - anything else is no page
        raise RuntimeError(f"{address}: {response.status_code}")
    waited, worked = [], []
    for _ in range(TIMES):
        began, used = perf_counter(), process_time()
        client.get(address)
        waited.append(perf_counter() - began)
        worked.append(process_time() - used)
    shown = f"{user.get_username()[:10]:10} {address[:44]:44}"
    ms, cpu = min(waited) * 1000, min(worked) * 1000
    sys.stdout.write(f"{shown} {ms:7.1f} {cpu:7.1f} {queries:7}\n")


def _pk_in_the_middle(user: "User") -> str:
    """A request that is far from both ends of the list."""
    from workflows_app import access  # noqa: PLC0415

    found = access.visible_requests(user).filter(status="open", expires_at=None)
    return str(found.order_by("opened_at").values_list("pk", flat=True)[20_000])


if __name__ == "__main__":
    main()
