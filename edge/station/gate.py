"""Who is asking, and whether the request comes from our own page.

A request is somebody's by a cookie (local accounts) or by a header that a trusted reverse proxy sets. What changes
anything must also come from our origin and carry a token that only our page knows, so that another site that the
nurse has open can do nothing in her name.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from edge.clock import Clock
from edge.config import Station
from edge.config.station import listed
from edge.station.accounts import Account, Accounts, Role
from edge.station.book import Book

CSRF_HEADER = "x-anodyne-csrf"
"""Header of the token; a form of another site cannot set it."""

MAX_SIGN_INS = 2000
"""Sign-ins kept; the oldest give way."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has signed in.

    Attributes:
        shown: the name that others see.
        role: what they may do.
        csrf: the token of their page.
        digest: of their cookie; "" behind a reverse proxy.
    """

    shown: str
    role: Role
    csrf: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class _SignIn:
    account: str
    stamp: str
    until_ms: int


class Gate:
    """Knows the sign-ins.

    Args:
        section: `[station]` of the configuration.
        accounts: who may sign in.
        book: where sign-ins outlive a restart.
        clock: time.
    """

    def __init__(self, section: Station, accounts: Accounts, book: Book, clock: Clock) -> None:
        """Take up the sign-ins of the book."""
        self._section = section
        self._accounts = accounts
        self._book = book
        self._clock = clock
        self._trusted = tuple(ipaddress.ip_network(one) for one in listed(section.trusted_proxies))
        self._secret = book.secret("csrf", secrets.token_bytes(32))
        self._sign_ins: dict[str, _SignIn] = {}
        for digest, account, stamp, until_ms in book.read("SELECT digest, account, stamp, until_ms FROM sign_in"):
            if isinstance(until_ms, int):
                self._sign_ins[str(digest)] = _SignIn(str(account), str(stamp), until_ms)

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https."""
        return self._section.certificate_file is not None or (self._section.public_origin or "").startswith("https:")

    @property
    def cookie(self) -> str:
        """Name of the cookie; the prefix makes browsers refuse it without https, for another host or path."""
        return "__Host-anodyne" if self.secure else "anodyne"

    @property
    def by_proxy(self) -> bool:
        """Whether a reverse proxy says who asks."""
        return self._section.proxy_user_header is not None

    def caller(self, request: HTTPConnection) -> Caller | None:
        """Who asks; None for somebody who has not signed in.

        Raises:
            StationError: the accounts cannot be read.
        """
        header = self._section.proxy_user_header
        if header is not None and self._from_proxy(request):
            name = request.headers.get(header, "").strip()
            if name and name.isprintable():
                return Caller(name[:64], Role.NURSE, self._token(f"proxy {name}"))
        digest = _digest(request.cookies.get(self.cookie, ""))
        found = self._sign_ins.get(digest)
        if found is None:
            return None
        account = self._accounts.find(found.account)
        if account is None or account.stamp != found.stamp or found.until_ms <= self._now_ms():
            self.sign_out(digest)
            return None
        return Caller(account.shown, account.role, self._token(digest), digest)

    def sign_in(self, name: str, account: Account) -> tuple[str, int]:
        """Begin a sign-in.

        Returns:
            The cookie's value, and how long it lasts, seconds.
        """
        hours = self._section.sign_in_hours if account.role is Role.NURSE else 24 * self._section.display_days
        value = secrets.token_urlsafe(32)
        digest = _digest(value)
        until_ms = self._now_ms() + round(hours * 3_600_000)
        self._sign_ins[digest] = _SignIn(name, account.stamp, until_ms)
        self._book.sign_in(digest, name, account.stamp, until_ms)
        while len(self._sign_ins) > MAX_SIGN_INS:
            self.sign_out(next(iter(self._sign_ins)))
        return value, round(hours * 3600)

    def sign_out(self, digest: str) -> None:
        """End a sign-in."""
        self._sign_ins.pop(digest, None)
        self._book.sign_out(digest)

    def genuine(self, request: HTTPConnection, caller: Caller) -> bool:
        """Whether a request that changes something comes from our page."""
        given = request.headers.get(CSRF_HEADER, "")
        return self.same_origin(request) and hmac.compare_digest(given.encode(), caller.csrf.encode())

    def same_origin(self, request: HTTPConnection) -> bool:
        """Whether the browser says that the request comes from our own pages; one that says nothing is refused."""
        origin = request.headers.get("origin")
        if origin is None or request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        if self._section.public_origin is not None:
            return origin == self._section.public_origin
        scheme = "https" if self.secure else "http"
        return origin == f"{scheme}://{request.headers.get('host', '')}"

    def known_host(self, request: HTTPConnection) -> bool:
        """Whether the browser asked for a name of ours: another name that points here (DNS rebinding) is refused."""
        host = request.headers.get("host", "")
        if self._section.public_origin is not None and host == self._section.public_origin.partition("://")[2]:
            return True
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            own = socket.gethostname().lower()
            return name.lower() in ("localhost", own, f"{own}.local", self._section.host.lower())
        return True

    def _from_proxy(self, request: HTTPConnection) -> bool:
        if request.client is None:
            return False
        try:
            address = ipaddress.ip_address(request.client.host)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)

    def _token(self, who: str) -> str:
        return hmac.new(self._secret, who.encode(), hashlib.sha256).hexdigest()

    def _now_ms(self) -> int:
        return self._clock.instant().wall_ms


def _digest(cookie: str) -> str:
    """What is kept of a cookie: a copy of the file signs nobody in."""
    return hashlib.sha256(cookie.encode()).hexdigest() if cookie else ""
