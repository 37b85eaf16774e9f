"""Snapshots: taken out of the tables, and put back into these or others."""
