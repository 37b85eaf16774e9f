"""The embedded server: there when needed, shared, gone with its last user."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from project.pgserver import account, postmaster
from project.pgserver.address import client_settings
from project.pgserver.errors import ServerError
from project.pgserver.postmaster import Postmaster, find_postmaster, wait_for_end
from project.pgserver.server import Server
from tests.project.conftest import ROOT, Session

MakeServer = Callable[[Path], Server]
OpenSession = Callable[..., Session]


def connect(server: Server) -> psycopg.Connection:
    """Connect as any driver would."""
    address = client_settings(server.data)
    return psycopg.connect(
        host=address["HOST"],
        port=address["PORT"],
        user=address["USER"],
        dbname=address["NAME"],
        autocommit=True,
    )


def get_postmaster(data: Path) -> Postmaster:
    found = find_postmaster(data)
    assert found is not None
    return found


def kill_postmaster(data: Path) -> psutil.Process:
    process = get_postmaster(data).process
    process.kill()
    assert wait_for_end([process], 5) == []
    return process


def test_it_is_made_on_first_use_and_is_one_for_all(
    tmp_path: Path, open_session: OpenSession
) -> None:
    home = tmp_path / "var"
    sessions = [open_session(home) for _ in range(3)]
    for session in sessions:
        session.send("SELECT pg_postmaster_start_time()::text, current_database()")
    answers = [session.receive() for session in sessions]
    assert answers[0][0][1] == "holdpoint"
    assert answers == [answers[0]] * 3


def test_it_is_durable_private_and_without_a_network_port(server: Server) -> None:
    server.ensure_running()
    wanted = {
        "listen_addresses": "", "fsync": "on", "synchronous_commit": "on",
        "full_page_writes": "on", "data_checksums": "on", "TimeZone": "UTC",
        "max_connections": "200", "shared_buffers": "128MB", "server_encoding": "UTF8",
    }  # fmt: skip
    with connect(server) as connection:
        for name, value in wanted.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,), name
        assert connection.execute("SELECT 'É' ILIKE 'é'").fetchone() == (True,)
    assert server.data.stat().st_mode & 0o777 == 0o700


def test_ctrl_c_in_a_terminal_is_not_meant_for_it(server: Server) -> None:
    server.ensure_running()
    pid = get_postmaster(server.data).process.pid
    assert os.getsid(pid) == pid


def test_it_comes_back_after_a_kill_with_everything_committed(
    server: Server, open_session: OpenSession
) -> None:
    session = open_session(server.data.parent)
    session.ask("CREATE TABLE held AS SELECT 7 AS number")
    kill_postmaster(server.data)
    assert session.ask("SELECT number FROM held") == [[7]]


def test_a_hanging_orphan_does_not_keep_it_from_coming_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmaster, "PATIENCE", 0.3)
    server.ensure_running()
    with connect(server) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        backend.send_signal(signal.SIGSTOP)
        kill_postmaster(server.data)
        server.ensure_running()
    assert wait_for_end([backend], 0) == []
    connect(server).close()


def test_it_stays_while_anybody_is_left_and_goes_with_the_last(
    server: Server, open_session: OpenSession
) -> None:
    killed, ended, last = (open_session(server.data.parent) for _ in range(3))
    for session in (killed, ended, last):
        assert session.ask("SELECT 1") == [[1]]
    process = get_postmaster(server.data).process
    killed.kill()
    ended.leave()
    assert last.ask("SELECT 1") == [[1]]
    assert get_postmaster(server.data).process == process
    last.leave()
    assert find_postmaster(server.data) is None


def test_a_forked_child_neither_stops_it_nor_loses_it(server: Server) -> None:
    host = client_settings(server.data)["HOST"]
    program = f"""
import os, psycopg
from pathlib import Path
from project.pgserver.server import get_server
server = get_server(Path({str(server.data)!r}))
server.ensure_running()
until_parent_ends, write_end = os.pipe()
if os.fork():
    raise SystemExit
os.close(write_end)
server.ensure_running()
os.read(until_parent_ends, 1)
assert server._hold is not None
with psycopg.connect(host={host!r}, user="postgres", dbname="holdpoint") as connection:
    connection.execute("SELECT 1")
"""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True
    )
    assert done.stderr == b""
    assert find_postmaster(server.data) is None


@pytest.mark.parametrize(
    "name", ["two words", "größe 例", "quote\"s'", "a,b", "deep/" * 30, "$HOME;%"]
)
def test_any_directory_will_do(
    tmp_path: Path, make_server: MakeServer, name: str
) -> None:
    server = make_server(tmp_path / name)
    server.ensure_running()
    with connect(server) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.let_go()
    host = Path(client_settings(server.data)["HOST"])
    assert host == server.data or not host.exists()


def test_two_run_side_by_side(tmp_path: Path, make_server: MakeServer) -> None:
    servers = [make_server(tmp_path / name) for name in ("one", "two")]
    for server in servers:
        server.ensure_running()
        with connect(server) as connection:
            shown = connection.execute("SHOW data_directory").fetchone()
            assert shown == (str(server.data),)
    servers[0].let_go()
    connect(servers[1]).close()


def test_the_pid_of_somebody_else_does_not_fool_it(
    tmp_path: Path, make_server: MakeServer
) -> None:
    server, other = (make_server(tmp_path / name) for name in ("one", "two"))
    other.ensure_running()
    theirs = get_postmaster(other.data).process
    for pid in (os.getpid(), theirs.pid):
        server.ensure_running()
        text = postmaster.pid_file(server.data).read_text()
        killed = kill_postmaster(server.data)
        forged = text.replace(str(killed.pid), str(pid), 1)
        postmaster.pid_file(server.data).write_text(forged)
        assert find_postmaster(server.data) is None
        server.ensure_running()
        connect(server).close()
    assert get_postmaster(other.data).process == theirs


def test_a_copy_of_a_running_directory_is_another_server(
    tmp_path: Path, make_server: MakeServer
) -> None:
    server = make_server(tmp_path / "one")
    server.ensure_running()
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(postmaster.pid_file(server.data), copy)
    assert find_postmaster(copy) is None


def test_what_a_killed_first_start_left_is_cleared(tmp_path: Path) -> None:
    leftover = tmp_path / "postgres.new-killed"
    leftover.mkdir()
    (leftover / "PG_VERSION").write_text("18")
    server = Server(tmp_path / "postgres")
    try:
        server.ensure_running()
        connect(server).close()
    finally:
        server.let_go()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "postgres", "postgres.hold", "postgres.log", "postgres.start"
    ]  # fmt: skip


def test_a_server_that_cannot_start_says_why(server: Server) -> None:
    (server.data / "postgresql.conf").write_text("max_connections = many")
    with pytest.raises(ServerError, match=r"postgres\.log, ends: .*max_connections"):
        server.ensure_running()


def test_a_removed_directory_is_made_again(server: Server) -> None:
    server.ensure_running()
    kill_postmaster(server.data)
    shutil.rmtree(server.data.parent)
    server.ensure_running()
    connect(server).close()


AS_NOBODY = """
import os, psycopg, pwd, subprocess, sys
from pathlib import Path
from project.pgserver.address import client_settings
from project.pgserver.programs import get_program
from project.pgserver.server import Server
nobody = pwd.getpwnam("nobody")
os.setgroups([]), os.setgid(nobody.pw_gid), os.setuid(nobody.pw_uid)
if not os.access(get_program("postgres"), os.X_OK):
    sys.exit(77)
server = Server(Path(sys.argv[1]) / "postgres")
server.ensure_running()
host = client_settings(server.data)["HOST"]
with psycopg.connect(host=host, user="postgres", dbname="holdpoint") as connection:
    print(connection.execute("SELECT 'seen'").fetchone()[0])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_normal_user_can_run_it(short_home: Path) -> None:
    os.chown(short_home, 65534, -1)
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", AS_NOBODY, str(short_home)],
        cwd=ROOT, capture_output=True, check=False, text=True,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("nobody may not enter the directory of the virtual environment")
    assert (done.stdout, done.stderr) == ("seen\n", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_root_without_namespaces_runs_it_as_another_account(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "_may_use_namespaces", lambda: False)
    server.ensure_running()
    assert get_postmaster(server.data).process.uids().effective != 0
    connect(server).close()


def test_a_url_is_used_instead_and_starts_nothing(
    server: Server, tmp_path: Path, open_session: OpenSession
) -> None:
    server.ensure_running()
    host = client_settings(server.data)["HOST"]
    unused = tmp_path / "unused"
    url = f"postgres://postgres@/holdpoint?host={host}"
    session = open_session(unused, DATABASE_URL=url)
    assert session.ask("SHOW data_directory") == [[str(server.data)]]
    assert not unused.exists()
