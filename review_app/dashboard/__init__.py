"""The operators' dashboard in parts: what is now, what was decided, what waited when."""
