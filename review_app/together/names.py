"""How people are called on pages: by their full names, where they have one."""

from django.db.models import Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Concat, NullIf, Trim


def name_of(path: str) -> Combinable:
    """The name of the person at a path, for use inside of a query."""
    full = Trim(Concat(f"{path}__first_name", Value(" "), f"{path}__last_name"))
    return Coalesce(NullIf(full, Value("")), f"{path}__username")


def name_sql(person: str) -> str:
    """The same in SQL, of a joined person; NULL where there is none."""
    full = f"trim(concat({person}.first_name, ' ', {person}.last_name))"
    return f"coalesce(nullif({full}, ''), {person}.username)"
