"""Replies that say no, in the one form of this door."""

from django.http import HttpResponse, JsonResponse

from .refusals import Refusal


def refuse(status: int, code: str, message: str, **headers: str) -> HttpResponse:
    refusal = Refusal(status, code, message)
    response = JsonResponse(refusal.content, status=status)
    for name, value in headers.items():
        response[name] = value
    return response
