"""Which database the settings name."""

from pathlib import Path

import pytest

from project.database import data_directory, database_settings
from project.env import OddValueError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_DIRECT_URL", "HOLDPOINT_DATA"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_url_the_data_is_in_var(tmp_path: Path) -> None:
    settings = database_settings(tmp_path)
    assert settings["ENGINE"] == "project.pgbackend"
    assert settings["NAME"] == "holdpoint"
    assert settings["OPTIONS"]["embedded"] == str(tmp_path / "var" / "postgres")
    assert list(tmp_path.iterdir()) == []


def test_the_data_may_be_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOLDPOINT_DATA", "else/where")
    assert data_directory(tmp_path) == tmp_path / "else" / "where"
    monkeypatch.setenv("HOLDPOINT_DATA", "/srv/holdpoint")
    assert data_directory(tmp_path) == Path("/srv/holdpoint")


def test_a_url_replaces_the_embedded_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = "postgres://ada:s%40crt@db.example:6432/holds?sslmode=require"
    monkeypatch.setenv("DATABASE_URL", url)
    settings = database_settings(tmp_path)
    wanted = {"HOST": "db.example", "PORT": 6432, "NAME": "holds", "PASSWORD": "s@crt"}
    assert wanted.items() <= settings.items()
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert settings["OPTIONS"]["pool"]["max_size"] == 8
    assert settings["CONN_MAX_AGE"] == 0


@pytest.mark.parametrize(
    "url",
    ["sqlite:///db", "mysql://ada:secret@h/x", "postgres://ada:secret@h:port/x",
     "postgres://ada:secret@h/", "ada:secret@h"],
)  # fmt: skip
def test_an_odd_url_stops_the_start_and_keeps_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(OddValueError, match=r"DATABASE_URL=.*use postgres://") as stop:
        database_settings(tmp_path)
    assert "secret" not in str(stop.value)
