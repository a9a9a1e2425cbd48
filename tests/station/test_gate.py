"""Who gets in, and what another site, another name or a stranger can do: nothing."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.config import Mqtt, Station
from edge.errors import StationError, StationReason
from edge.publish.embedded import free_port
from edge.station.accounts import Accounts, Role
from edge.station.serve import Server
from tests.peers.broker import until
from tests.station.browser import PASSWORD, PIN, Browser, section, serving

BED = "ward/bed7"
NOWHERE = Mqtt(host="127.0.0.1", port=1)
"""No broker: none is needed to be refused."""


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Station]:
    """A running station with one bed."""
    station = section(tmp_path, beds=BED)
    async with serving(station, NOWHERE):
        yield station


@pytest.mark.parametrize("path", ["/stream", "/api/log", "/api/burden", "/api/trends"])
async def test_strangers_see_nothing(here: Station, path: str) -> None:
    got = await Browser(here.port).ask("GET", path)
    assert (got.status, got.json["detail"]) == (401, "Sign in first.")


async def test_the_page_itself_holds_no_bed_and_names_no_other_host(here: Station) -> None:
    got = await Browser(here.port).ask("GET", "/")
    assert got.status == 200
    assert b"bed7" not in got.body
    policy = got.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert b"http://" not in got.body
    assert b"https://" not in got.body
    assert got.headers["cache-control"] == "no-store"
    assert "server" not in got.headers


async def test_the_scripts_ask_no_other_host_and_make_no_markup(here: Station) -> None:
    page = await Browser(here.port).ask("GET", "/")
    found = 0
    for name in ("main", "api", "stream", "beds", "panel", "lists", "sound", "spark", "shapes", "dom"):
        got = await Browser(here.port).ask("GET", f"/static/{name}.js")
        assert (got.status, got.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
        text = got.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text.replace("https://", "http")
        assert not any(word in text for word in ("innerHTML", "insertAdjacentHTML", "eval(", "document.write"))
        found += 1
    assert found == 10
    assert b"<style" not in page.body
    assert b"onclick" not in page.body


async def test_the_cookie_is_kept_from_scripts_and_other_sites(here: Station) -> None:
    got = await Browser(here.port).sign_in()
    cookie = got.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie  # plain http on loopback; see the next test


async def test_behind_https_the_cookie_is_bound_to_it(tmp_path: Path) -> None:
    station = section(tmp_path, public_origin="https://station.ward.example")
    async with serving(station, NOWHERE):
        got = await Browser(station.port, host="station.ward.example", origin="https://station.ward.example").sign_in()
    cookie = got.headers["set-cookie"]
    assert cookie.startswith("__Host-anodyne=")
    assert "; Secure" in cookie
    assert got.headers["strict-transport-security"]


@pytest.mark.parametrize("password", ["", "wrong password", PASSWORD + " "])
async def test_a_wrong_password_opens_nothing(here: Station, password: str) -> None:
    got = await Browser(here.port).sign_in("ruth", password)
    assert got.status in (400, 401)
    assert "set-cookie" not in got.headers


async def test_an_unknown_name_is_answered_like_a_wrong_password(here: Station) -> None:
    wrong = await Browser(here.port).sign_in("ruth", "wrong password")
    unknown = await Browser(here.port).sign_in("nobody", "wrong password")
    assert (wrong.status, wrong.json) == (unknown.status, unknown.json)


async def test_many_wrong_passwords_make_everybody_there_wait(here: Station) -> None:
    ruth = Browser(here.port)
    for _ in range(5):
        assert (await ruth.sign_in("wall", "000111")).status == 401
    got = await ruth.sign_in("wall", PIN)
    assert (got.status, 0 < int(got.headers["retry-after"]) <= 15) == (429, True)


async def test_tries_at_once_are_counted_as_tries(here: Station) -> None:
    got = await asyncio.gather(*(Browser(here.port).sign_in("wall", f"11122{n}") for n in range(9)))
    assert sorted(one.status for one in got) == [401] * 5 + [429] * 4


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_site_can_do_nothing_in_her_name(here: Station, origin: str | None) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    ruth.origin = origin
    assert (await ruth.command(BED, do="care_on")).status == 403
    assert (await ruth.ask("POST", f"/api/beds/{BED}/note", {"text": "x"})).status == 403
    assert (await ruth.ask("DELETE", "/api/session")).status == 403
    assert (await ruth.sign_in()).status == 403


async def test_a_browser_that_says_cross_site_is_refused(here: Station) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    got = await ruth.ask("POST", f"/api/beds/{BED}/note", {"text": "x"}, Sec_Fetch_Site="cross-site")
    assert got.status == 403


@pytest.mark.parametrize("csrf", ["", "0" * 64, "ä"])
async def test_without_the_page_token_nothing_is_done(here: Station, csrf: str) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    ruth.csrf = csrf
    assert (await ruth.command(BED, do="care_on")).status == 403


async def test_a_name_that_is_not_ours_is_refused(here: Station) -> None:
    got = await Browser(here.port, host=f"rebound.example:{here.port}").ask("GET", "/")
    assert got.status == 421


async def test_a_display_only_shows(here: Station) -> None:
    wall = Browser(here.port)
    await wall.sign_in("wall", PIN)
    assert (await wall.ask("GET", "/api/log")).status == 200
    for what in ("command", "note", "seen"):
        assert (await wall.ask("POST", f"/api/beds/{BED}/{what}", {"text": "x"})).status == 403


async def test_signing_out_ends_the_cookie_and_the_stream(here: Station) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    async with ruth.watching() as screen:
        await until(lambda: screen.order != [])
        assert (await ruth.ask("DELETE", "/api/session")).status == 200
        assert (await ruth.ask("GET", "/api/log")).status == 401
        await until(lambda: screen.events[-1] == "signed_out")


async def test_a_changed_password_signs_out_what_was_signed_in(here: Station) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    changed = PASSWORD + "s"
    Accounts(here.accounts_file).put("ruth", changed, "Sister Ruth", Role.NURSE)
    assert (await ruth.ask("GET", "/api/log")).status == 401
    assert (await ruth.sign_in()).status == 401
    assert (await ruth.sign_in(password=changed)).status == 200


async def test_a_copy_of_the_record_signs_nobody_in(here: Station) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    kept = b"".join(path.read_bytes() for path in here.state_dir.glob("station.db*"))
    assert ruth.cookie.partition("=")[2].encode() not in kept
    assert PASSWORD.encode() not in kept
    assert stat.S_IMODE((here.state_dir / "station.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("wish", [{}, {"do": "open_door"}, {"do": "care_on", "by": "Somebody Else"}, {"do": 1}])
async def test_a_command_that_is_none_is_refused(here: Station, wish: dict[str, object]) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    assert (await ruth.command(BED, **wish)).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"text":""}', b'{"text":"' + b"x" * 100_000 + b'"}'])
async def test_a_body_that_is_none_is_refused(here: Station, body: bytes) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    assert (await ruth.ask("POST", f"/api/beds/{BED}/note", body)).status == 400


async def test_a_bed_that_does_not_exist_is_no_topic(here: Station) -> None:
    ruth = Browser(here.port)
    await ruth.sign_in()
    for place in ("ward/bed8", "+/+", "%2B/%23", "ward/bed7%2F.."):
        assert (await ruth.command(place, do="care_on")).status == 404


async def test_a_trusted_proxy_says_who_asks_and_nobody_else_does(tmp_path: Path) -> None:
    header = {"X-Remote-User": "Sister Ruth"}
    trusting = section(tmp_path, beds=BED, proxy_user_header="X-Remote-User", trusted_proxies="127.0.0.0/8")
    async with serving(trusting, NOWHERE):
        got = await Browser(trusting.port, extra=header).ask("GET", "/api/session")
        assert (got.json["signed_in"], got.json["name"]) == (True, "Sister Ruth")
        assert (await Browser(trusting.port).ask("GET", "/api/log")).status == 401
        ruth = Browser(trusting.port, extra=header, csrf=str(got.json["csrf"]))
        assert (await ruth.command(BED, do="care_on")).json["reason"] == "no_broker"
    other = section(tmp_path, proxy_user_header="X-Remote-User", trusted_proxies="10.0.0.0/8", port=free_port())
    async with serving(other, NOWHERE):
        assert (await Browser(other.port, extra=header).ask("GET", "/api/log")).status == 401
    without = section(tmp_path, port=free_port())
    async with serving(without, NOWHERE):
        assert (await Browser(without.port, extra=header).ask("GET", "/api/log")).status == 401


def refused(station: Station) -> StationReason:
    with pytest.raises(StationError) as caught:
        Server(station, NOWHERE, SystemClock())
    return caught.value.reason


def test_nothing_is_served_to_a_network_in_the_clear_unless_told_to(tmp_path: Path) -> None:
    assert refused(section(tmp_path, host="0.0.0.0")) is StationReason.INSECURE  # noqa: S104 - it is refused


def test_a_station_where_nobody_could_sign_in_says_so(tmp_path: Path) -> None:
    station = section(tmp_path)
    station.accounts_file.unlink()
    assert refused(station) is StationReason.ACCOUNTS


def test_accounts_that_others_can_read_are_refused(tmp_path: Path) -> None:
    station = section(tmp_path)
    station.accounts_file.chmod(0o644)
    assert refused(station) is StationReason.PERMISSIONS


def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("none")
    station = section(tmp_path, certificate_file=tmp_path / "x.pem", key_file=tmp_path / "x.pem")
    assert refused(station) is StationReason.CERTIFICATE


async def test_an_address_that_is_taken_is_refused(here: Station) -> None:
    assert refused(here) is StationReason.ADDRESS
