"""The Django side: nothing starts without need, and test databases always go."""

import os
import subprocess
import sys
from pathlib import Path

from project.pgserver.address import client_settings
from project.pgserver.postmaster import find_postmaster
from project.pgserver.server import Server
from tests.project.conftest import ROOT

SETUP = """
import os, django
from pathlib import Path
from django.conf import settings
from project.database import database_settings
settings.configure(DATABASES={"default": database_settings(Path.cwd())}, USE_TZ=True)
django.setup()
from django.core.management import call_command
from django.db import connection
def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
"""


def run_django(home: Path, program: str, **environment: str) -> str:
    """Run a program with Django and return what it prints; warnings are errors."""
    names = os.environ.keys() - {"DATABASE_URL", "DATABASE_DIRECT_URL"}
    inherited = {name: os.environ[name] for name in names}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", "-c", SETUP + program],
        cwd=ROOT,
        env=inherited | {"HOLDPOINT_DATA": str(home)} | environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_checks_start_nothing(tmp_path: Path) -> None:
    home = tmp_path / "var"
    run_django(home, "call_command('check', verbosity=0)")
    assert not home.exists()


def test_other_drivers_get_plain_parameters_of_a_running_server(server: Server) -> None:
    host = client_settings(server.data)["HOST"]
    wanted = {"host": host, "port": 5432, "user": "postgres", "dbname": "holdpoint"}
    program = f"""
import psycopg
params = connection.get_listen_params()
assert params == {wanted!r}, params
assert {wanted!r}.items() <= connection.get_connection_params().items()
psycopg.connect(**params).close()
"""
    run_django(server.data.parent, program)


def test_listening_goes_past_a_connection_pooler(server: Server) -> None:
    program = "print(sorted(connection.get_listen_params().items()))"
    shown = run_django(
        server.data.parent,
        program,
        DATABASE_URL="postgres://ada@pooler.example:6432/holds",
        DATABASE_DIRECT_URL="postgres://ada@db.example:5433/other",
    )
    assert shown == str(
        [("dbname", "holds"), ("host", "db.example"), ("port", "5433"), ("user", "ada")]
    )


def test_a_test_database_goes_while_strays_use_it(server: Server) -> None:
    program = """
import psycopg
real = connection.settings_dict["NAME"]
ask("SELECT 1")
def stray():
    return psycopg.connect(**connection.get_listen_params(), autocommit=True)
connection.creation.create_test_db(verbosity=0)
assert ask("SELECT current_database()") == [("test_holdpoint",)]
first = stray()
connection.close()
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = real
connection.creation.log = lambda message: None
connection.creation.create_test_db(verbosity=0, autoclobber=True)
second = stray()
connection.creation.destroy_test_db(real, verbosity=0)
print([name for [name] in ask("SELECT datname FROM pg_database ORDER BY 1")])
first.close(), second.close()
"""
    shown = run_django(server.data.parent, program)
    assert shown == "['holdpoint', 'postgres', 'template0', 'template1']"


def test_a_pool_whose_connections_all_died_works_again_at_once(server: Server) -> None:
    program = """
import logging, psycopg, time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
logging.getLogger("psycopg.pool").disabled = True
together = Barrier(8)
def use(number):
    ask("SELECT 1")
    together.wait(10)
    connection.close()
with ThreadPoolExecutor(8) as threads:
    list(threads.map(use, range(8)))
assert connection.pool.get_stats()["pool_size"] == 8
with psycopg.connect(**connection.get_listen_params()) as killer:
    killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE datname = current_database() AND pid <> pg_backend_pid()")
start = time.monotonic()
assert ask("SELECT 1") == [(1,)]
assert time.monotonic() - start < 1, time.monotonic() - start
"""
    run_django(server.data.parent, program)


def test_a_forked_child_has_connections_of_its_own(server: Server) -> None:
    program = """
[[parent]] = ask("SELECT pg_backend_pid()")
connection.close()
child = os.fork()
[[own]] = ask("SELECT pg_backend_pid()")
if child:
    assert os.waitpid(child, 0)[1] == 0
    [[again]] = ask("SELECT pg_backend_pid()")
    assert own == again
else:
    assert own != parent
"""
    run_django(server.data.parent, program)
    assert find_postmaster(server.data) is None
