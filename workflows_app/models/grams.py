"""What three letters in a row a text has: an index of them finds any part of it.

PostgreSQL's own pg_trgm does the same and more, but the embedded server has no
extensions. The function is made by the migration `0019`.
"""

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, TextField

SHORTEST = 3
"""Of a shorter text there are none."""


class Grams(Func):
    function = "holdpoint_grams"
    output_field = ArrayField(TextField())
