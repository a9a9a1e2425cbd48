"""Headers of every answer, and the refusal of requests for a name that is not ours."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.station.gate import Gate

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
"""Content security policy: our own files only, no inline script or style, nobody may frame the page, and the browser
refuses to make HTML from text."""

_ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Headers:
    """The middleware.

    Args:
        app: what it stands before.
        gate: knows our names and whether we speak https.
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        """Keep both."""
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers["cache-control"] = "no-cache" if path.startswith("/static/") else "no-store"
                if path == "/stream":
                    headers["x-accel-buffering"] = "no"  # nginx would hold events back
                if self._gate.secure:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        if path != "/healthz" and not self._gate.known_host(HTTPConnection(scope)):
            await PlainTextResponse(
                "This is not a name of this station: set station.public_origin to the one that browsers use.\n", 421
            )(scope, receive, dressed)
            return
        await self._app(scope, receive, dressed)
