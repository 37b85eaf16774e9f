"""An embedded PostgreSQL: started on first use, shared, stopped by the last user."""
