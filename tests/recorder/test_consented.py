"""Nothing is recorded of a patient without consent, nothing beyond it, and nothing that the box itself can read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge import clock as clocks
from edge import config
from edge.audit.chain import Entry, Kind
from edge.audit.log import FILE, read
from edge.audit.verify import verify
from edge.cli import main
from edge.clock import Instant, VirtualClock
from edge.daemon import Daemon
from edge.publish.embedded import free_port
from edge.recorder import consent as consents
from edge.recorder.choose import recording
from edge.recorder.consent import Consent, Scope, given
from edge.recorder.consented import Consented
from edge.recorder.recorder import NotRecording, Recorder
from edge.recorder.seal import new_pair, private_key
from edge.recorder.sealed import unseal
from edge.recorder.session import Session
from edge.recorder.shelf import Shelf
from edge.sensors.simulated.band import SimulatedBand
from edge.types import NS_PER_S, Validity
from tests.recorder.events import ALERT, BLOCK, FACE, FACTS, SEEN

NOW = Instant("0123456789ab", 1000 * NS_PER_S, 1_767_225_600_000, synced=True)


class Site:
    """A box's folders and the keys of its site."""

    def __init__(self, folder: Path) -> None:
        self.state, self.sessions = folder / "state", folder / "state" / "sessions"
        self.state.mkdir()
        self.key, self.public = folder / "site.key", folder / "site.pub"
        private, public = new_pair(None)
        self.key.write_bytes(private)
        self.public.write_bytes(public)
        self.told: list[tuple[str, dict[str, str]]] = []

    def settings(self, **keys: object) -> config.Recorder:
        """`[recorder]`."""
        return config.Recorder.model_validate({"folder": self.sessions, "site_key": self.public} | keys)

    def consent(self, clock: clocks.Clock, scope: Scope = Scope.SIGNALS, lasts_s: int = 3600) -> None:
        """Somebody consents."""
        consents.write(self.state, given("Mrs Doe", "Sister Ruth", scope, lasts_s, clock.instant()))

    def opened(self, out: Path) -> list[list[str]]:
        """Names of the events of each session, opened with the site's key."""
        names: list[list[str]] = []
        for number, kept in enumerate(Shelf(self.sessions).sessions()):
            unseal(kept.path, private_key(self.key, None), out / f"{number}.anodyne")
            with Session.open(out / f"{number}.anodyne") as session:
                names.append([type(event).__name__ for _, event in session.events()])
        return names

    def note(self, kind: str, detail: dict[str, str]) -> None:
        """What the audit log would keep."""
        self.told.append((kind, detail))

    def recording(self, clock: clocks.Clock, **keys: object) -> Consented:
        """The recording of a real patient's box."""
        found = recording(self.settings(**keys), clock, self.state, Validity.REAL, self.note)
        assert isinstance(found, Consented)
        return found


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def tell_all(one: Consented, at_s: float) -> None:
    """One of each."""
    one.tick(round(at_s * NS_PER_S))
    one.block(BLOCK)
    one.estimates("camera", (FACE,))
    one.concluded(SEEN, (ALERT,))


def threads_end(seconds: float = 5.0) -> Iterator[None]:
    """Turns in which a recorder's thread may end."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.02)
        yield


def test_without_consent_nothing_is_written(site: Site) -> None:
    one = site.recording(VirtualClock())
    one.begin(FACTS)
    tell_all(one, 1)
    one.close()
    assert not list(site.sessions.glob("*"))
    assert site.told == []


def test_with_consent_all_of_its_scope_is_written_and_no_more(site: Site, tmp_path: Path) -> None:
    for scope, expected in (
        (Scope.SIGNALS, ["Ticked", "BlockArrived", "Estimated", "Assessed", "Alerted"]),
        (Scope.FEATURES, ["Ticked", "Estimated", "Assessed", "Alerted"]),
    ):
        clock = VirtualClock()
        site.consent(clock, scope)
        one = site.recording(clock)
        one.begin(FACTS)
        tell_all(one, 1)
        one.close()
        assert site.opened(tmp_path)[-1] == expected
        for path in tmp_path.glob("*.anodyne"):
            path.unlink()


def test_a_consent_that_comes_begins_a_session_and_one_that_goes_ends_it(site: Site, tmp_path: Path) -> None:
    clock = VirtualClock()
    one = site.recording(clock)
    one.begin(FACTS)
    tell_all(one, 1)
    site.consent(clock)
    clock.advance(3)
    tell_all(one, 4)
    for _ in threads_end():
        if "recording_started" in [kind for kind, _ in site.told]:
            break
    consents.write(site.state, None)
    clock.advance(3)
    tell_all(one, 7)
    for _ in threads_end():
        if [kind for kind, _ in site.told][-1] == "recording_ended":
            break
    one.close()
    assert site.opened(tmp_path) == [["Ticked", "BlockArrived", "Estimated", "Assessed", "Alerted"]]
    assert [kind for kind, _ in site.told] == ["recording_started", "consent_ended", "recording_ended"]
    assert {len(detail["consent"]) for _, detail in site.told} == {16}
    with Session.open(tmp_path / "0.anodyne") as session:
        assert (session.facts.part, session.facts.continues) == (2, "")


def test_a_consent_runs_out(site: Site) -> None:
    clock = VirtualClock()
    site.consent(clock, lasts_s=60)
    one = site.recording(clock)
    one.begin(FACTS)
    clock.advance(61)
    tell_all(one, 61)
    one.close()
    assert ("consent_ended", "run out") in [(kind, detail.get("why")) for kind, detail in site.told]


def consent(**keys: object) -> Consent:
    return given("A", "B", Scope.FEATURES, 3600, NOW).model_copy(update=keys)


@pytest.mark.parametrize(
    ("given_then", "now", "stands"),
    [
        (consent(), Instant(NOW.boot_id, NOW.mono_ns + 3599 * NS_PER_S, 0, synced=False), True),
        (consent(), Instant(NOW.boot_id, NOW.mono_ns + 3600 * NS_PER_S, NOW.wall_ms, synced=True), False),
        (consent(), Instant("another boot", 5, NOW.wall_ms + 3_599_000, synced=True), True),
        (consent(), Instant("another boot", 5, NOW.wall_ms + 3_600_000, synced=True), False),
        (consent(), Instant("another boot", 5, NOW.wall_ms + 1000, synced=False), False),
        (consent(synced=False), Instant("another boot", 5, NOW.wall_ms + 1000, synced=True), False),
        (consent(), Instant("another boot", 5, NOW.wall_ms - 1000, synced=True), False),
    ],
)
def test_a_consent_whose_end_nobody_can_know_is_none(given_then: Consent, now: Instant, stands: bool) -> None:
    assert given_then.stands(now) is stands


def test_a_damaged_consent_is_none(site: Site) -> None:
    (site.state / consents.FILE).write_text('{"by": "Mrs Doe"')
    assert consents.read(site.state) is None


def test_without_a_sites_key_no_patient_is_recorded_and_it_is_said(site: Site) -> None:
    found = recording(site.settings(site_key=None), VirtualClock(), site.state, Validity.REAL)
    assert isinstance(found, NotRecording)
    assert "site_key" in found.fault
    assert isinstance(recording(site.settings(site_key=None), VirtualClock(), site.state, Validity.TEST), Recorder)


def test_what_is_too_old_goes_also_while_nothing_is_recorded(site: Site) -> None:
    clock = VirtualClock()
    site.consent(clock)
    one = site.recording(clock)
    one.begin(FACTS)
    one.close()
    consents.write(site.state, None)
    later = VirtualClock(start_wall_ms=(int(time.time()) + 15 * 86_400) * 1000)
    idle = site.recording(later, keep_days=14.0)
    idle.begin(FACTS)
    for _ in threads_end():
        if not Shelf(site.sessions).sessions():
            break
    assert not Shelf(site.sessions).sessions()
    assert site.told[-1][0] == "recording_deleted"


def test_nobody_else_tidies_beside_a_recorder_at_work_and_somebody_does_behind_one_that_gave_up(site: Site) -> None:
    clock = VirtualClock()
    site.consent(clock)
    tidied: list[float] = []

    def make(_: Consent) -> Recorder:
        return Recorder(site.sessions, site.settings(), clock)

    one = Consented(site.state, make, lambda: tidied.append(clock.now_ns()), clock, site.note)
    one.begin(FACTS)
    clock.advance(3)
    one.tick(clock.now_ns())
    assert not tidied
    assert one._inner is not None
    one._inner.fault = "the disk is full"
    clock.advance(3)
    one.tick(clock.now_ns())
    for _ in threads_end():
        if tidied:
            break
    assert tidied
    one.close()


def test_the_whole_way_by_commands_and_every_step_is_in_the_audit_log(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = tmp_path / "box.toml"
    toml.write_text(
        f'[box]\nstate_dir = "{site.state}"\n[recorder]\nfolder = "{site.sessions}"\nsite_key = "{site.public}"\n'
    )
    assert main(["consent", "show", "--config", str(toml)]) == 1
    assert main(["consent", "give", "--config", str(toml), "--noted-by", "Ruth"]) == 2
    who = ["--config", str(toml), "--noted-by", "Ruth"]
    assert main(["consent", "give", *who, "--by", "Mrs Doe", "--days", "2", "--scope", "signals"]) == 0
    assert main(["consent", "show", "--config", str(toml)]) == 0
    assert "given by Mrs Doe" in capsys.readouterr().out

    band = SimulatedBand(driver="simulated_band", name="band")
    box = config.Box(state_dir=site.state, validity=Validity.REAL)
    mqtt = config.Mqtt(host="127.0.0.1", port=free_port())
    settings = config.Config(box=box, sensor=(band,), recorder=site.settings(), mqtt=mqtt)

    async def live() -> None:
        task = asyncio.create_task(Daemon(settings, clocks.SystemClock(), reports=False).run())
        await asyncio.sleep(4)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(live())
    [kept] = Shelf(site.sessions).sessions()
    assert main(["replay", str(kept.path)]) == 2
    assert "it is sealed" in capsys.readouterr().err
    assert main(["sessions", "open", str(kept.path), "--key", str(site.key), "--out", str(tmp_path)]) == 0
    opened = tmp_path / kept.path.name.removesuffix(".sealed")
    assert main(["replay", str(opened)]) == 0
    assert "identical" in capsys.readouterr().out
    assert main(["consent", "withdraw", *who, "--erase"]) == 0
    assert not Shelf(site.sessions).sessions()

    kinds = [one.kind for one in read(site.state / FILE) if isinstance(one, Entry)]
    assert kinds == [
        Kind.CONSENT_GIVEN,
        Kind.BOOT,
        Kind.RECORDING_STARTED,
        Kind.STOP,
        Kind.RECORDING_ENDED,
        Kind.RECORDING_READ,
        Kind.RECORDING_READ,
        Kind.CONSENT_ENDED,
        Kind.RECORDING_DELETED,
    ]
    assert verify(site.state / FILE).sound
    assert b"Mrs Doe" not in (site.state / FILE).read_bytes()


def test_a_new_pair_is_the_owners_and_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "site.key"
    assert main(["sessions", "keygen", "--key", str(key)]) == 0
    assert key.stat().st_mode & 0o777 == 0o600
    assert main(["sessions", "keygen", "--key", str(key)]) == 2
    assert "cannot be written" in capsys.readouterr().err
