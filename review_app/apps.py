"""The app of pages: queue, decision, runs."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Pages for reviewers and operators."""

    name = "review_app"
    verbose_name = "Review"
