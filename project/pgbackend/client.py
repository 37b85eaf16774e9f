"""`manage.py dbshell` for a server that may have to be started first."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import client

from project.pgserver.programs import get_program


class DatabaseClient(client.DatabaseClient):
    """psql; for the embedded server the one that came with it."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Take the psql of the same version as the embedded server."""
        args, env = super().settings_to_cmd_args_env(settings_dict, parameters)
        if "embedded" in settings_dict["OPTIONS"]:
            args[0] = get_program("psql")
        return args, env

    def runshell(self, parameters: Iterable[str]) -> None:
        """Start the server before psql asks for it."""
        self.connection.get_connection_params()
        super().runshell(parameters)
