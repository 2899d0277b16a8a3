"""Which doors has the explorer? Addresses, who may knock, and how a refusal looks: one line of JSON, never a traceback."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import selectivity.assets as assets
from selectivity import __version__
from selectivity.app import export
from selectivity.app.answer import answer, run_down_of, run_down_shown, sites_shown
from selectivity.app.records import dilated
from selectivity.app.shelf import FILE, Shelf, Shown
from selectivity.app.state import CONTROLS, MODES, TREATMENTS, VIEWS, State, defaults_of, presets, state_of
from selectivity.app.stories import step_of, stories, verdict
from selectivity.app.view import filter_moved
from selectivity.app.worker import Workshop
from selectivity.energetics.hydration import SCALES
from selectivity.errors import SelectivityError
from selectivity.structure.filter import Filter
from selectivity.structure.ideal import IDEAL_FILTERS

LARGEST_UPLOAD = 30_000_000
"""Bytes of a dropped file; the largest K+ channel depositions have 10 MB."""

LARGEST_STATE = 20_000
"""Bytes of a state as JSON."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Scripts come from here only and nothing is evaluated; the two drawing libraries set styles on their own elements."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
PAGE = {
    "/": ("index.html", "text/html"),
    "/explorer.css": ("explorer.css", "text/css"),
    "/explorer.js": ("explorer.js", "text/javascript"),
}
LIBRARIES = {"/molecules.js": assets.MOLECULES, "/plots.js": assets.PLOTS}
EXPORTS = {
    "figure.svg": "image/svg+xml",
    "figure.png": "image/png",
    "data.csv": "text/csv",
    "data.json": "application/json",
    "code.py": "text/x-python",
    "command.sh": "text/x-shellscript",
}


def create_app(
    given: Shown | None = None, given_name: str | None = None, hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
) -> Starlette:
    """The application; ``given`` is the filter of the command line's file, ``hosts`` the names under which it answers."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        workshop = await run_in_threadpool(Workshop)
        app.state.shelf = Shelf(workshop, given, given_name)
        try:
            yield
        finally:
            await run_in_threadpool(workshop.close)

    app = Starlette(
        routes=_routes(),
        lifespan=lifespan,
        middleware=[
            Middleware(_Guard),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={SelectivityError: _refused, HTTPException: _wrong_door, Exception: _bug},
    )
    return app


def _routes() -> list[Route]:
    pages = [Route(path, _file(name, kind)) for path, (name, kind) in PAGE.items()]
    libraries = [Route(path, _library(name)) for path, name in LIBRARIES.items()]
    return [
        *pages,
        *libraries,
        Route("/api/setup", _setup),
        Route("/api/structure/{name}", _structure),
        Route("/api/structure", _upload, methods=["POST"]),
        Route("/api/answer", _answer, methods=["POST"]),
        Route("/api/refine", _refine, methods=["POST"]),
        Route("/api/rundown", _run_down, methods=["POST"]),
        Route("/api/check", _check, methods=["POST"]),
        Route("/export/{kind}", _export),
    ]


class _Guard:
    """Refuses requests that another site's page sends, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in HEADERS.items())]
            await send(message)

        if _foreign(headers):
            refusal = JSONResponse({"error": "a page of another site may not ask here; open this address itself"}, 403)
            await refusal(scope, receive, sealed)
            return
        await self.app(scope, receive, sealed)


def _foreign(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that another origin's page is behind a request."""
    origin, host = headers.get("origin"), headers.get("host", "")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        return True
    return (
        headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        and headers.get("sec-fetch-mode") != "navigate"
    )


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        content = files("selectivity.app").joinpath("page").joinpath(name).read_bytes()
        return Response(content, media_type=kind, headers={"cache-control": "no-cache"})

    return page


def _library(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def library(request: Request) -> Response:
        return Response(_script(name), media_type="text/javascript", headers={"cache-control": "max-age=86400"})

    return library


@functools.cache
def _script(name: str) -> bytes:
    return assets.script(name).encode("utf-8")


async def _setup(request: Request) -> Response:
    """What the page needs once: controls, cells, structures, stories."""
    shelf: Shelf = request.app.state.shelf
    return JSONResponse(
        {
            "version": __version__,
            "controls": {name: vars(control) for name, control in CONTROLS.items()},
            "choices": {"mode": MODES, "treatment": TREATMENTS, "hydration": SCALES, "view": VIEWS},
            "cells": [{"name": c.name, "title": c.title, "note": c.note} for c in presets()],
            "defaults": {c.name: vars(defaults_of(c.name)) for c in presets()},
            "structures": [{"name": name, "title": _title(shelf, name)} for name in shelf.structures()],
            "first_structure": FILE if shelf.given is not None else State.structure,
            "stories": [story.shown() for story in stories()],
        }
    )


async def _structure(request: Request) -> Response:
    """The atoms of a structure that no slider changes."""
    shelf: Shelf = request.app.state.shelf
    state = state_of({"structure": request.path_params["name"]}, shelf.structures())
    _, shown = await shelf.shown(state.structure)
    return JSONResponse(shown | {"name": state.structure, "heading": _title(shelf, state.structure)})


async def _upload(request: Request) -> Response:
    """A dropped file: read in the worker, kept in memory as a filter, its text forgotten."""
    shelf: Shelf = request.app.state.shelf
    content = await _body(request, LARGEST_UPLOAD, "a structure file")
    name = request.query_params.get("name", "structure.pdb")
    return JSONResponse({"structure": await shelf.upload(name, content, request.is_disconnected)})


async def _answer(request: Request) -> Response:
    """What is known at once: everything in mode "ratio", the rigid filter and what was computed before in mode "filter"."""
    state = await _state(request)
    return JSONResponse(await _known(request, state))


async def _refine(request: Request) -> Response:
    """The whole answer, errors included; waits for the worker, which stops when the page goes on to another state."""
    shelf: Shelf = request.app.state.shelf
    state = await _state(request)
    if state.mode == "filter":
        await shelf.scored(state, request.is_disconnected)
    return JSONResponse(await _known(request, state))


async def _run_down(request: Request) -> Response:
    """The cell of a state after its pump has stopped."""
    state = await _state(request)
    ratio = (await _whole(request, state))["ratio"]
    if ratio is None:
        raise SelectivityError("no ratio, so no membrane to run down: this filter does not conduct")
    return JSONResponse(await run_in_threadpool(lambda: run_down_shown(*run_down_of(state, ratio))))


async def _check(request: Request) -> Response:
    """A prediction against the library: {"story", "step", "choice"} -> whether it held, and why."""
    shelf: Shelf = request.app.state.shelf
    asked = await _json(request)
    step = step_of(asked.get("story"), asked.get("step"))
    before, after = (state_of(given, shelf.structures()) for given in (step.before, step.after))
    answers = [await _whole(request, state) for state in (before, after)]
    volts = None
    if step.minutes:
        run, _ = await run_in_threadpool(run_down_of, after, answers[1]["ratio"], step.minutes)
        volts = float(run.v_mv[-1])
    found = verdict(step, asked.get("choice"), answers[0], answers[1], volts)
    return JSONResponse(found | {"after": dict(step.after)})


async def _export(request: Request) -> Response:
    """A state, given as an address, in the form that the last part of the path names."""
    shelf: Shelf = request.app.state.shelf
    kind = request.path_params["kind"]
    if kind not in EXPORTS:
        raise HTTPException(404, f"no export {kind[:40]!r}; there are {', '.join(EXPORTS)}")
    state = state_of(dict(request.query_params), shelf.structures())
    shown = await _whole(request, state)
    filter = await shelf.filter(state.structure)
    content = await run_in_threadpool(_exported, kind, state, shown, filter, shelf.file_name(state.structure))
    named = {"content-disposition": f'attachment; filename="selectivity_{kind}"'}
    return Response(content, media_type=EXPORTS[kind], headers=named)


def _exported(kind: str, state: State, shown: dict[str, Any], filter: Filter, file: str | None) -> str | bytes:
    if kind == "data.json":
        return export.as_json(shown | {"version": __version__})
    if kind == "data.csv":
        return export.as_csv(shown)
    if kind == "code.py":
        return export.as_python(state, file)
    if kind == "command.sh":
        return export.as_command(state, shown["ratio"], file)
    from selectivity.app.figure import figure_bytes  # matplotlib: when a figure is asked for, not at the start

    moved = dilated(filter, state.dilation if state.mode == "filter" else 0.0)
    return figure_bytes(shown, moved, kind.rpartition(".")[2])


async def _whole(request: Request, state: State) -> dict[str, Any]:
    """The whole answer of a state, waiting for the worker where it has to."""
    shelf: Shelf = request.app.state.shelf
    scored = await shelf.scored(state, request.is_disconnected) if state.mode == "filter" else None
    return answer(state, scored.record if scored else None, scored)


async def _known(request: Request, state: State) -> dict[str, Any]:
    shelf: Shelf = request.app.state.shelf
    if state.mode == "ratio":
        return answer(state) | {"filter": None, "rigid": None}
    await shelf.searched(state, request.is_disconnected)
    moved = filter_moved(dilated(await shelf.filter(state.structure), state.dilation))
    rigid = sites_shown(state, shelf.rigid(state), None)
    return answer(state, shelf.record(state), shelf.score(state)) | {"filter": moved, "rigid": rigid}


async def _state(request: Request) -> State:
    shelf: Shelf = request.app.state.shelf
    return state_of(await _json(request), shelf.structures())


async def _json(request: Request) -> dict[str, Any]:
    """The object in a request's body; anything else is refused in one line."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "application/json is needed")
    body = await _body(request, LARGEST_STATE, "a state")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as broken:
        raise HTTPException(400, f"broken JSON: {' '.join(str(broken).split())[:120]}") from None
    if not isinstance(found, dict):
        raise HTTPException(400, f"broken JSON: an object is needed, not {type(found).__name__}")
    return found


async def _body(request: Request, most: int, what: str) -> bytes:
    """The body of a request, refused as soon as it is too long."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise HTTPException(413, f"{what} of more than {most / 1e6:g} MB; at most that is taken")
        parts.append(part)
    return b"".join(parts)


def _title(shelf: Shelf, name: str) -> str:
    return f"{name} (ideal)" if name in IDEAL_FILTERS else str(shelf.file_name(name))


async def _refused(request: Request, refusal: Exception) -> Response:
    return JSONResponse({"error": " ".join(str(refusal).split())}, 400)


async def _wrong_door(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, HTTPException)
    return JSONResponse({"error": refusal.detail}, refusal.status_code)


async def _bug(request: Request, bug: Exception) -> Response:
    return JSONResponse(
        {"error": f"unexpected {type(bug).__name__}: this is a bug in selectivity {__version__}; report it"}, 500
    )
