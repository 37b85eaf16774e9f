"""Which consumer answers which socket."""

from typing import Any

from django.urls import path, re_path

from review_app.consumers import LiveConsumer, NowhereConsumer

# The stubs of channels want a type that only stubs have.
websocket_urlpatterns: list[Any] = [
    path("ws/live/", LiveConsumer.as_asgi()),  # type: ignore[arg-type]
    re_path("", NowhereConsumer.as_asgi()),  # type: ignore[arg-type]
]
