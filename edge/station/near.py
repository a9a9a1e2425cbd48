"""Answers the home network alone: a router that forwards the port to the internet shows nothing there."""

from __future__ import annotations

import ipaddress

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Near:
    """The middleware.

    Args:
        app: what it stands before.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Keep it."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        client = scope.get("client")
        if scope["type"] == "http" and not near(str(client[0]) if client else ""):
            refusal = PlainTextResponse("This page is for the home network only.\n", 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def near(address: str) -> bool:
    """Whether an address is of this machine or of a private network (RFC 1918, RFC 4193, link-local)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    asked = mapped or found
    return asked.is_private and not asked.is_unspecified
