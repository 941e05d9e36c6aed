"""Static files from memory: small, open to everybody, kept by browsers until they change.

Nothing is opened while a request is answered: a web server whose client goes away may never close
what it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, request

# What they are is ours to say: the system's own table of types may call a script plain text.
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "public, no-cache"


@dataclass(frozen=True)
class _File:
    body: bytes
    mimetype: str
    version: str  #: another one whenever a letter of it changes


def serve(blueprint: Blueprint, folder: Path) -> None:
    """Serve a folder as the blueprint's ``static``, whose URLs name the version of the file.

    `url_for` puts it in, also where a host asks for the URL. A URL without it, or with that of
    another release, is kept by nobody without asking.
    """
    endpoint = f"{blueprint.name}.static"

    def static(filename: str) -> Response:
        found = _read(folder).get(filename)
        return _answer(found) if found is not None else abort(404)

    def name_version(asked: str, values: dict[str, Any]) -> None:
        found = _read(folder).get(values.get("filename", "")) if asked == endpoint else None
        if found is not None:
            values.setdefault("v", found.version)

    blueprint.add_url_rule("/static/<path:filename>", "static", static)
    blueprint.url_defaults(name_version)


@lru_cache
def _read(folder: Path) -> Mapping[str, _File]:
    """The files of a folder, by name; read once in a process."""
    return {path.name: _load(path) for path in folder.iterdir() if path.suffix in _TYPES}


def _load(path: Path) -> _File:
    body = path.read_bytes()
    return _File(body, _TYPES[path.suffix], sha256(body).hexdigest()[:12])


def _answer(file: _File) -> Response:
    response = Response(file.body, mimetype=file.mimetype)
    response.set_etag(file.version)
    same = request.args.get("v") == file.version
    response.headers["Cache-Control"] = _FOR_EVER if same else _ASK_FIRST
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(request)
    return response
