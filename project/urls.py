"""Which room answers which address."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from project.health import healthz, readyz

handler400 = "project.outage.bad_request"
handler404 = "project.outage.not_found"
handler500 = "project.outage.server_error"
admin.autodiscover()  # here, because only the web process needs these pages

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("hooks/", include("workflows_app.intake.urls")),
    path("slack/", include("workflows_app.intake.slack.urls")),
    path("api/", include("review_app.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("review_app.urls")),
]
if not settings.IS_PRODUCTION:
    urlpatterns.append(path("demo/", include("workflows_app.demo.urls")))
