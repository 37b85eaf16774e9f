"""Signing in and out, and what happens on a page when a session has ended."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache

View = TypeVar("View", bound=Callable[..., HttpResponse])


def signed_in(view: View) -> View:
    """Let only people in who are signed in, and keep their pages out of caches.

    A fragment is refused with 401 instead: the page around it, with all that has been
    typed there, stays.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.headers.get("HX-Request"):
            return HttpResponse("Sign in again.", status=401)
        came_for = request.get_full_path() if request.method == "GET" else request.path
        return redirect(f"{resolve_url('review:login')}?next={quote(came_for)}")

    return never_cache(checked)  # type: ignore[return-value]  # the same arguments


class Login(LoginView):
    """Django's own sign-in, on our page."""

    template_name = "review/login.html"
    redirect_authenticated_user = True


class Welcome(PasswordResetConfirmView):
    """Where an invited person sets a password; then the link is of no more use."""

    template_name = "review/welcome.html"
    success_url = reverse_lazy("review:queue")
    post_reset_login = True
