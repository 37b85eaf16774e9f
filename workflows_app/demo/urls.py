"""The demo's addresses; they exist in the demo profile only."""

from django.urls import path

from . import views

app_name = "demo"
urlpatterns = [path("receiver/", views.receive, name="receiver")]
