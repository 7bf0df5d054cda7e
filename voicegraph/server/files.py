"""The page: static files, in the wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

import voicegraph

PLACES = (Path(voicegraph.__file__).parent / "_web", Path(voicegraph.__file__).parents[1] / "web")
"""In a wheel, in a checkout."""


def page_folder() -> Path | None:
    """Where the page's files are; None in an installation without them."""
    return next((place for place in PLACES if (place / "index.html").is_file()), None)


def add_page(app: web.Application, folder: Path) -> None:
    """Serve the page at / and its files beside it. Add it last: it takes every path that is left."""
    root = folder.resolve()

    async def file(request: web.Request) -> web.FileResponse:
        try:
            found = (root / (request.match_info["path"] or "index.html")).resolve()
            if found.is_file() and found.is_relative_to(root):
                return web.FileResponse(found)
        except (OSError, ValueError):
            pass  # a name that no file can have
        raise web.HTTPNotFound

    app.router.add_get("/{path:.*}", file)
