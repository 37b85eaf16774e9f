"""The addresses of sources; a sender that leaves out the last slash means the same."""

from django.urls import path

from .views import hook

app_name = "intake"
urlpatterns = [
    path("<slug:name>/", hook, name="hook"),
    path("<slug:name>", hook),
]
