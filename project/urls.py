"""Which room answers which address."""

from django.contrib import admin
from django.urls import include, path

from project.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("hooks/", include("workflows_app.intake.urls")),
    path("admin/", admin.site.urls),
    path("", include("review_app.urls")),
]
