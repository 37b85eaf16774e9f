"""The JSON API as a whole, and its rooms for what helps people with their work.

What every door obeys has its rooms in `workflows_app.api`.
"""
