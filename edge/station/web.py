"""The station's pages, its stream and its commands, as one Starlette application.

| path | what | who |
|---|---|---|
| `/` | the page | anybody; it is empty without `/stream` |
| `/static/…` | its scripts and styles | anybody |
| `/api/session` | GET who I am; POST sign in; DELETE sign out | |
| `/stream` | server-sent events: all beds, then what changes | signed in |
| `/api/log`, `/api/burden`, `/api/trends` | records | signed in |
| `/api/beds/{site}/{bed}/command`, `/note`, `/seen` | POST | nurses |
| `/healthz` | 200 while the broker is there, else 503 | anybody |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge.clock import Clock
from edge.errors import StationError
from edge.station import records
from edge.station.accounts import Accounts, Role
from edge.station.desk import Answer, Desk
from edge.station.gate import Caller, Gate
from edge.station.headers import Headers
from edge.station.requests import Wish
from edge.station.stream import Stream
from edge.station.throttle import Throttle
from edge.station.ward import Place

logger = logging.getLogger(__name__)

PAGE = Path(__file__).with_name("page")
"""The files of the page; they are installed with the program, nothing is fetched from elsewhere."""

MAX_BODY = 4096
"""Longest body of a request, bytes: a note of 280 characters has less than 2000."""

_STATUS = {"no_broker": 503, "no_answer": 504}
"""HTTP status of an answer that is not ok; 409 for what the box refused."""

Handler = Callable[[Request, Caller], Awaitable[Response]]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Credentials(_Closed):
    """What somebody types to sign in."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Words(_Closed):
    """A note."""

    text: Annotated[str, Field(min_length=1, max_length=280)]


class _Web:
    """The handlers and what they share."""

    def __init__(self, desk: Desk, gate: Gate, accounts: Accounts, clock: Clock, stream: Stream, page: str) -> None:
        self._desk = desk
        self._gate = gate
        self._accounts = accounts
        self._clock = clock
        self._stream = stream
        self._html = PAGE / page
        self._throttle = Throttle()
        self._hashing = asyncio.Semaphore(2)  # 64 MiB each

    def application(self) -> Starlette:
        signed, nurse = self._signed, self._nurse
        bed = "/api/beds/{site}/{bed}"
        app = Starlette(
            routes=[
                Route("/", self._page, methods=["GET"]),
                Route("/healthz", self._health, methods=["GET"]),
                Route("/api/session", self._who, methods=["GET"]),
                Route("/api/session", self._sign_in, methods=["POST"]),
                Route("/api/session", signed(self._sign_out), methods=["DELETE"]),
                Route("/stream", signed(self._events), methods=["GET"]),
                Route("/api/log", signed(self._log), methods=["GET"]),
                Route("/api/burden", signed(self._burden), methods=["GET"]),
                Route("/api/trends", signed(self._trends), methods=["GET"]),
                Route(f"{bed}/command", nurse(self._command), methods=["POST"]),
                Route(f"{bed}/note", nurse(self._note), methods=["POST"]),
                Route(f"{bed}/seen", nurse(self._seen), methods=["POST"]),
                Mount("/static", StaticFiles(directory=PAGE / "static")),
            ],
            exception_handlers={StationError: _unusable},
        )
        app.add_middleware(Headers, gate=self._gate)
        return app

    def _signed(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Only for who has signed in; what changes something also only from our page."""

        async def checked(request: Request) -> Response:
            caller = self._gate.caller(request)
            if caller is None:
                return _refuse(401, "Sign in first.")
            if request.method != "GET" and not self._gate.genuine(request, caller):
                return _refuse(403, "This did not come from the station's own page. Reload it and try again.")
            return await handler(request, caller)

        return checked

    def _nurse(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def checked(request: Request, caller: Caller) -> Response:
            if caller.role is not Role.NURSE:
                return _refuse(403, "This screen only shows. Sign in with your own name to do something.")
            if not self._desk.knows(_place(request)):
                return _refuse(404, "There is no such bed.")
            return await handler(request, caller)

        return self._signed(checked)

    async def _page(self, _request: Request) -> Response:
        html = await asyncio.to_thread(self._html.read_bytes)
        return Response(html, media_type="text/html; charset=utf-8")

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"broker": self._desk.connected}, 200 if self._desk.connected else 503)

    async def _who(self, request: Request) -> Response:
        caller = self._gate.caller(request)
        if caller is None:
            return JSONResponse({"signed_in": False, "by_proxy": self._gate.by_proxy})
        return JSONResponse({"signed_in": True, "name": caller.shown, "role": str(caller.role), "csrf": caller.csrf})

    async def _sign_in(self, request: Request) -> Response:
        if not self._gate.same_origin(request):
            return _refuse(403, "This did not come from the station's own page. Reload it and try again.")
        try:
            given = Credentials.model_validate_json(await _body(request))
        except ValidationError:
            return _refuse(400, "Give a name and a password.")
        keys = (f"account {given.name}", f"address {request.client.host if request.client else ''}")
        wait_s = self._throttle.wait_s(keys, self._clock.now_ns())
        if wait_s > 0:
            answer = _refuse(429, f"Too many wrong passwords. Try again in {wait_s:.0f} s.")
            answer.headers["retry-after"] = f"{wait_s:.0f}"
            return answer
        # Counted before it is checked: many tries at once are many tries.
        self._throttle.fail(keys, self._clock.now_ns())
        async with self._hashing:
            account = await asyncio.to_thread(self._accounts.check, given.name, given.password)
        if account is None:
            logger.warning("wrong name or password from %s", keys[1])
            return _refuse(401, "Wrong name or password.")
        self._throttle.succeed(keys)
        value, lasts_s = self._gate.sign_in(given.name, account)
        answer = JSONResponse({"ok": True})
        answer.set_cookie(
            self._gate.cookie,
            value,
            max_age=lasts_s,
            path="/",
            secure=self._gate.secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def _sign_out(self, _request: Request, caller: Caller) -> Response:
        self._gate.sign_out(caller.digest)
        answer = JSONResponse({"ok": True})
        answer.delete_cookie(self._gate.cookie, path="/", secure=self._gate.secure, httponly=True, samesite="strict")
        return answer

    async def _events(self, request: Request, _caller: Caller) -> Response:
        if self._stream.full:
            return _refuse(503, "Too many screens are open on this station.")
        lines = self._stream.lines(lambda: self._gate.caller(request) is not None)
        return StreamingResponse(lines, media_type="text/event-stream")

    async def _log(self, request: Request, _caller: Caller) -> Response:
        lines = await run_in_threadpool(records.log, self._desk.book, request.query_params.get("place"))
        return JSONResponse({"lines": lines})

    async def _burden(self, request: Request, _caller: Caller) -> Response:
        hours = _number(request, "hours", 24, 1, 24 * 31)
        since_ms = self._clock.instant().wall_ms - hours * 3_600_000
        beds = await run_in_threadpool(records.burden, self._desk.book, since_ms)
        return JSONResponse({"hours": hours, "beds": beds, "days": self._desk.days()})

    async def _trends(self, request: Request, _caller: Caller) -> Response:
        hours, step = _number(request, "hours", 4, 1, 48), _number(request, "step", 5, 1, 60)
        now_ms = self._clock.instant().wall_ms
        self._desk.flush()
        place = request.query_params.get("place")
        found = await run_in_threadpool(records.trends, self._desk.book, now_ms, hours, step, place)
        return JSONResponse({"hours": hours, "beds": found})

    async def _command(self, request: Request, caller: Caller) -> Response:
        try:
            wish = Wish.model_validate_json(await _body(request))
        except ValidationError as error:
            return _refuse(400, f"No such command: {error.errors(include_url=False)[0]['msg']}")
        return _answer(await self._desk.ask(_place(request), wish, caller.shown))

    async def _note(self, request: Request, caller: Caller) -> Response:
        try:
            note = Words.model_validate_json(await _body(request))
        except ValidationError:
            return _refuse(400, "A note has 1 to 280 characters.")
        return _answer(self._desk.leave_note(_place(request), note.text, caller.shown))

    async def _seen(self, request: Request, caller: Caller) -> Response:
        return _answer(self._desk.see_unknown(_place(request), caller.shown))


def application(
    desk: Desk, gate: Gate, accounts: Accounts, clock: Clock, stream: Stream, page: str = "station.html"
) -> Starlette:
    """The station's web application, with the page of this file."""
    return _Web(desk, gate, accounts, clock, stream, page).application()


def _place(request: Request) -> Place:
    return Place(str(request.path_params["site"]), str(request.path_params["bed"]))


def _number(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name, "")
    return min(high, max(low, int(text))) if text.isascii() and text.isdigit() and len(text) < 6 else default


async def _body(request: Request) -> bytes:
    """The body; what is longer than `MAX_BODY` is cut, and then is no JSON."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            return b""
    return body


def _answer(answer: Answer) -> Response:
    return JSONResponse(answer, 200 if answer["ok"] else _STATUS.get(answer["reason"], 409))


def _refuse(status: int, detail: str) -> Response:
    return JSONResponse({"ok": False, "reason": "refused", "detail": detail}, status)


async def _unusable(_request: Request, error: Exception) -> Response:
    """The accounts cannot be read: the log has the reason, strangers do not."""
    logger.error("%s", error)
    return _refuse(500, "The station's accounts cannot be read; its log says why.")
