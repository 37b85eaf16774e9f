"""The connection: it knows where its server is, and starts the embedded one."""

import atexit
import functools
import os
from pathlib import Path
from typing import Any, ClassVar

from django.db import connections
from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from project.pgbackend.client import DatabaseClient
from project.pgbackend.creation import DatabaseCreation
from project.pgbackend.features import DatabaseFeatures

# What Django, and our settings, add for Django's connections: no other needs it.
FOR_DJANGO = {
    "client_encoding",
    "context",
    "cursor_factory",
    "options",
    "prepare_threshold",
}


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose server is running when it connects."""

    client_class = DatabaseClient
    creation_class = DatabaseCreation
    features_class = DatabaseFeatures
    _connection_pools: ClassVar[dict[str, Any]] = {}
    _inherited_pools: ClassVar[list[dict[str, Any]]] = []

    def get_connection_params(self) -> dict[str, Any]:
        """Say where to connect. Asked before each connection, so a dead server is back."""
        params = super().get_connection_params()
        params.pop("direct_url", None)
        if data := params.pop("embedded", None):
            _start(Path(data))
        _close_pools_at_exit()
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Take a connection that is alive, at once even when the whole pool has died.

        The pool's own check sleeps 1, 2, 4 … seconds between one dead connection and
        the next, so CONN_HEALTH_CHECKS is off and the check is here.
        """
        connection = super().get_new_connection(conn_params)
        if self.pool and not _is_alive(connection):
            self.pool.putconn(connection)
            self.pool.check()
            connection = super().get_new_connection(conn_params)
        return connection

    def get_listen_params(self) -> dict[str, Any]:
        """Say where any driver connects to LISTEN: past a PgBouncer, if told how."""
        params = self.get_connection_params()
        plain = {key: params[key] for key in params.keys() - FOR_DJANGO}
        if direct_url := self.settings_dict["OPTIONS"].get("direct_url"):
            return conninfo_to_dict(direct_url) | {"dbname": plain["dbname"]}
        return plain

    def close_pool(self) -> None:
        """Close the pool if there is one; Django's own would first make one."""
        if self.alias in self._connection_pools:
            super().close_pool()


def _is_alive(connection: Connection) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True


def _start(data: Path) -> None:
    """Start the embedded server if need be."""
    # Locks and signals as Unix has them: not to be imported with one's own server.
    from project.pgserver.server import get_server  # noqa: PLC0415

    get_server(data).ensure_running()


@functools.cache
def _close_pools_at_exit() -> None:
    """Registered after the server's own end, and therefore done before it."""
    atexit.register(_close_pools)
    os.register_at_fork(after_in_child=_leave_pools_to_parent)


def _close_pools() -> None:
    connections.close_all()
    for pool in DatabaseWrapper._connection_pools.values():  # noqa: SLF001 - Django has no name for it
        pool.close()


def _leave_pools_to_parent() -> None:
    """Two processes must not talk over one connection, nor may the child close it."""
    DatabaseWrapper._inherited_pools.append(DatabaseWrapper._connection_pools)  # noqa: SLF001
    DatabaseWrapper._connection_pools = {}  # noqa: SLF001
