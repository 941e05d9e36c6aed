"""The static files, from memory: no file is open while a browser reads, or stops reading."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

FOREVER = "public, max-age=31536000, immutable"
bp: Blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """A file with its version, which changes when it does."""

    data: bytes
    kind: str
    version: str


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(data, kind, hashlib.sha256(data).hexdigest()[:12])


ASSETS: Mapping[str, Asset] = {
    path.name: _read(path) for path in sorted((Path(__file__).parent / "static").iterdir())
}


@bp.get("/static/<name>")
def file(name: str) -> ResponseReturnValue:
    """For ever under its version's address; under another one it is asked for again."""
    asset = ASSETS.get(name)
    if asset is None:
        abort(404, "There is no such file.")
    response = Response(asset.data, content_type=asset.kind)
    current = request.args.get("v") == asset.version
    response.headers["Cache-Control"] = FOREVER if current else "no-cache"
    response.set_etag(asset.version)
    return response.make_conditional(request)


def address(name: str) -> str:
    """Where a page finds the file."""
    return url_for("assets.file", name=name, v=ASSETS[name].version)
