"""Requests that nobody made by hand: probes and prefetches change nothing and ask nobody."""

from __future__ import annotations

from flask import Response, request

_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_WORDS = ("prefetch", "prerender", "preview")
_OURS_TO_ANSWER = ("bdquickpay.static", "bdquickpay.webhook")
#: Changes nothing by itself, whoever looks; a messenger's preview is to see it.
_HARMLESS = ("bdquickpay.link", ("GET", "HEAD"))


def answer_unasked() -> Response | None:
    """Answer a HEAD or a prefetch before any view runs; ``None`` for whatever was meant.

    A browser throws a prefetched 503 away and makes the request again when the link is followed;
    what succeeds it might show instead.
    """
    if request.endpoint in _OURS_TO_ANSWER or _is_harmless():
        return None
    if _is_prefetch():
        return Response(status=503)
    return Response(status=200) if request.method == "HEAD" else None


def _is_harmless() -> bool:
    endpoint, methods = _HARMLESS
    return request.endpoint == endpoint and request.method in methods


def _is_prefetch() -> bool:
    said = " ".join(request.headers.get(name, "") for name in _HEADERS).lower()
    return any(word in said for word in _WORDS)
