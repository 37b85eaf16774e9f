"""The operators' door: what is there, sources and receivers, and a few verbs."""

from django.contrib import admin

from . import deliveries, messages, requests, runs, slack, sources, tokens, workers

__all__ = [
    "deliveries",
    "messages",
    "requests",
    "runs",
    "slack",
    "sources",
    "tokens",
    "workers",
]

admin.site.site_header = "Holdpoint"
admin.site.site_title = "Holdpoint"
admin.site.index_title = "Operations"
admin.site.site_url = "/queue/"
