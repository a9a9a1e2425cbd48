"""`anodyne consent`: give, withdraw or show the consent without which no session of a patient is recorded."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from edge.audit.chain import Kind
from edge.audit.log import FILE, AuditLog
from edge.cli.reading import who
from edge.cli.run import DEFAULT_CONFIG
from edge.clock import SystemClock
from edge.config import Config, load
from edge.errors import SessionError, SessionReason
from edge.recorder import consent as consents
from edge.recorder.consent import LONGEST_S, Consent, Scope
from edge.recorder.shelf import Shelf

DAY_S = 24 * 3600


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "consent",
        help="consent to recording",
        description="Give, withdraw or show the consent to recording, on the box itself. A running box follows within "
        "seconds. Pictures are never recorded, whatever the scope.",
    )
    parser.add_argument("what", choices=("give", "withdraw", "show"))
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the box's TOML file (%(default)s)")
    parser.add_argument("--by", help="give: who consents, the patient or who may speak for them")
    parser.add_argument("--noted-by", help="who takes it down, or withdraws it in somebody's name")
    parser.add_argument(
        "--days", type=float, default=7.0, help=f"give: for how long, at most {LONGEST_S // DAY_S} (%(default)g)"
    )
    parser.add_argument(
        "--scope",
        type=Scope,
        choices=list(Scope),
        default=Scope.FEATURES,
        help="give: what was made of the signals, or the bands' signals as well (%(default)s)",
    )
    parser.add_argument("--erase", action="store_true", help="withdraw: delete all sessions of this box as well")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Change or show the consent.

    Returns:
        0; for `show` 1 where none stands.

    Raises:
        SessionError: CONSENT: something is missing, or it cannot be written.
        ConfigError: the configuration cannot be used.
    """
    config = load(arguments.config)
    clock = SystemClock()
    if arguments.what == "show":
        return _show(consents.read(config.box.state_dir), clock)
    noted_by: str | None = arguments.noted_by
    if not noted_by:
        raise SessionError(SessionReason.CONSENT, "who takes this down? Give --noted-by NAME")
    audit = AuditLog(config.box.state_dir / FILE, clock)
    try:
        if arguments.what == "give":
            _give(arguments, config, audit, clock)
        else:
            _withdraw(arguments, config, audit)
    except OSError as error:
        raise SessionError(
            SessionReason.CONSENT, f"{config.box.state_dir} cannot be written ({error.strerror}): run this as root"
        ) from error
    return 0


def _give(arguments: argparse.Namespace, config: Config, audit: AuditLog, clock: SystemClock) -> None:
    try:
        consent = consents.given(
            arguments.by or "", arguments.noted_by, arguments.scope, round(arguments.days * DAY_S), clock.instant()
        )
    except (ValueError, OverflowError) as error:
        raise SessionError(
            SessionReason.CONSENT, f"who consents (--by), and for how long (--days, up to {LONGEST_S // DAY_S})?"
        ) from error
    detail = {"consent": consent.mark(), "scope": str(consent.scope), "days": arguments.days, "user": who()}
    _kept(audit.note(Kind.CONSENT_GIVEN, consent.noted_by, detail))
    consents.write(config.box.state_dir, consent)
    if not consent.synced:
        sys.stdout.write("the clock is not synchronised: this consent ends with the next reboot\n")
    _show(consent, clock)


def _withdraw(arguments: argparse.Namespace, config: Config, audit: AuditLog) -> None:
    before = consents.read(config.box.state_dir)
    consents.write(config.box.state_dir, None)
    mark = "" if before is None else before.mark()
    audit.note(Kind.CONSENT_ENDED, arguments.noted_by, {"consent": mark, "why": "withdrawn", "user": who()})
    sys.stdout.write("withdrawn: nothing is recorded any more\n")
    folder = config.recorder.folder
    if arguments.erase and folder is not None:
        gone = 0
        for kept in Shelf(folder).sessions():
            kept.delete()
            audit.note(Kind.RECORDING_DELETED, arguments.noted_by, {"session": kept.path.name, "why": "withdrawn"})
            gone += 1
        sys.stdout.write(f"{gone} sessions deleted\n")


def _kept(kept: bool) -> None:
    if not kept:
        raise SessionError(SessionReason.CONSENT, "the audit log cannot be written: no consent without its trace")


def _show(consent: Consent | None, clock: SystemClock) -> int:
    if consent is None:
        sys.stdout.write("no consent: nothing is recorded of a patient\n")
        return 1
    until = datetime.fromtimestamp(consent.until_ms / 1000).astimezone()
    stands = consent.stands(clock.instant())
    state = "stands" if stands else "has run out, or its end cannot be known on this clock"
    sys.stdout.write(
        f"consent {consent.mark()} {state}: {consent.scope}, until {until:%Y-%m-%d %H:%M}, "
        f"given by {consent.by}, noted by {consent.noted_by}\n"
    )
    return 0 if stands else 1
