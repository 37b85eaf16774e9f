"""Which page answers which address."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from review_app.run.export import FORMS
from review_app.views import (
    account,
    answer_links,
    dashboard,
    decision,
    drafts,
    guest,
    preferences,
    queue,
    queue_acts,
    run_acts,
    runs,
    saved_views,
    several,
    shown,
    snapshots,
    start,
    together,
    undo,
)

app_name = "review"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="review:queue"), name="home"),
    path("login/", account.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path(
        "welcome/<str:uidb64>/<str:token>/", account.Welcome.as_view(), name="welcome"
    ),
    path("queue/", queue.queue, name="queue"),
    path("queue/news/", queue.queue_news, name="queue_news"),
    path("queue/count/", queue.open_count, name="open_count"),
    path("queue/export.csv", queue.export_rows, name="export"),
    path("queue/next/", queue_acts.review_next, name="next"),
    path("queue/several/", several.several, name="several"),
    path("queue/several/offer/", several.offer, name="offer"),
    path("queue/demo/", queue_acts.load_demo, name="load_demo"),
    path("queue/views/", saved_views.views, name="views"),
    path("queue/views/counts/", saved_views.counts, name="view_counts"),
    path("queue/views/<int:pk>/", saved_views.change, name="view"),
    path("queue/views/<int:pk>/delete/", saved_views.delete, name="view_delete"),
    path("requests/<uuid:pk>/", decision.decision, name="decision"),
    path("requests/<uuid:pk>/news/", decision.request_news, name="request_news"),
    path("requests/<uuid:pk>/shown/", shown.shown, name="shown"),
    path("requests/<uuid:pk>/draft/", drafts.draft, name="draft"),
    path("requests/<uuid:pk>/snooze/", queue_acts.snooze, name="snooze"),
    path("requests/<uuid:pk>/undo/", undo.undo, name="undo"),
    path("requests/<uuid:pk>/together/", together.news, name="together"),
    path("requests/<uuid:pk>/about/", together.about, name="about"),
    path("requests/<uuid:pk>/presence/", together.presence, name="presence"),
    path("requests/<uuid:pk>/claim/", together.claim, name="claim"),
    path("requests/<uuid:pk>/release/", together.release, name="release"),
    path("requests/<uuid:pk>/take-over/", together.take_over, name="take_over"),
    path("requests/<uuid:pk>/comment/", together.comment, name="comment"),
    path("requests/<uuid:pk>/delegate/", together.delegate, name="delegate"),
    path("requests/<uuid:pk>/links/", answer_links.make_link, name="make_link"),
    path(
        "requests/<uuid:pk>/links/<int:link_pk>/revoke/",
        answer_links.revoke_link,
        name="revoke_link",
    ),
    path("a/", guest.guest, name="guest_page"),
    path("a/done/", guest.guest_done, name="guest_done"),
    path("a/shown/", guest.guest_shown, name="guest_shown"),
    path("a/<str:token>/", guest.enter, name="guest"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/now/", dashboard.dashboard_now, name="dashboard_now"),
    path("dashboard/figures/<slug:name>.csv", dashboard.figures, name="figures"),
    path("dashboard/decisions/", dashboard.decisions, name="decisions"),
    path(
        "dashboard/decisions.csv", dashboard.export_decisions, name="export_decisions"
    ),
    path("dashboard/callbacks/", dashboard.send_again, name="send_again"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("runs/", runs.runs, name="runs"),
    path("runs/start/", start.choose, name="choose"),
    path("runs/start/<str:workflow>/", start.start, name="start"),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    path("runs/<uuid:pk>/pause/", run_acts.pause, name="pause"),
    path("runs/<uuid:pk>/resume/", run_acts.resume, name="resume"),
    path("runs/<uuid:pk>/abort/", run_acts.abort, name="abort"),
    path("runs/<uuid:pk>/retry/", run_acts.retry, name="retry"),
    path("runs/<uuid:pk>/restart/", run_acts.restart, name="restart"),
    path("runs/<uuid:pk>/secrets/", runs.secrets, name="secrets"),
    path("runs/<uuid:pk>/graph/", runs.graph, name="graph"),
    path("runs/<uuid:pk>/events/", runs.events, name="events"),
    path("runs/<uuid:pk>/lines/", runs.lines, name="lines"),
    *(
        path(f"runs/<uuid:pk>/events.{form}", runs.take_lines, {"form": form}, form)
        for form in FORMS
    ),
    path("runs/<uuid:pk>/snapshots/now/", snapshots.take_now, name="snapshot_now"),
    path("runs/<uuid:pk>/snapshots/compare/", snapshots.compare_two, name="compare"),
    path(
        "runs/<uuid:pk>/snapshots/<uuid:snapshot_pk>/", snapshots.take, name="snapshot"
    ),
    path(
        "runs/<uuid:pk>/snapshots/<uuid:snapshot_pk>/resume/",
        snapshots.resume,
        name="resume_from",
    ),
    path(
        "runs/<uuid:pk>/snapshots/<uuid:snapshot_pk>/fork/", snapshots.fork, name="fork"
    ),
]
