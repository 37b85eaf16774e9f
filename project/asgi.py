"""What daphne serves: pages over HTTP, live updates over websockets."""

import os

from project.one_thread import application as one_thread

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django_application = one_thread()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - Django must be set up
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import (  # noqa: E402
    AllowedHostsOriginValidator,
)

from project.limits import limit_daphne  # noqa: E402
from project.turns import Turns  # noqa: E402
from review_app.routing import websocket_urlpatterns  # noqa: E402
from workflows_app.api.waiting import Waiting  # noqa: E402

limit_daphne()
application = ProtocolTypeRouter(
    {
        "http": Waiting(Turns(django_application)),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
