"""Several reviewers at one request: claims, presence, votes, words, and its history."""

from .seen import Together, together

__all__ = ["Together", "together"]
