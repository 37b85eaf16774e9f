"""Which servers will do."""

from django.db.backends.postgresql import features


class DatabaseFeatures(features.DatabaseFeatures):
    """PostgreSQL from 15 on."""

    minimum_database_version = (15,)
