"""Two addresses, as Slack's settings have two fields; what comes to either is the same."""

from django.urls import path

from .views import receive

app_name = "slack"
urlpatterns = [
    path("interactive/", receive, name="interactive"),
    path("interactive", receive),
    path("events/", receive, name="events"),
    path("events", receive),
]
