"""How fast Holdpoint is, beside what the database allows: `python -m benchmarks`."""
