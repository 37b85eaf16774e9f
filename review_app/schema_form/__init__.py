"""A JSON Schema as a form: its fields, their places, and values back as JSON."""
