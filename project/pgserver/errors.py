"""What can go wrong with the embedded server."""

import psycopg


class ServerError(psycopg.OperationalError):
    """The embedded PostgreSQL cannot be made, started or reached.

    Django turns it into its own OperationalError, as if the network were down.
    """
