"""Pages: each gets what its reader may see, calls one verb, and answers."""
