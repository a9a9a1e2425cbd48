"""The file of accounts, the command that writes it, and the wait after wrong passwords."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from edge.cli import main
from edge.errors import StationError, StationReason
from edge.station.accounts import Accounts, Role, weakness
from edge.station.throttle import FREE_TRIES, LONGEST_WAIT_S, Throttle
from edge.types import NS_PER_S


def test_a_right_password_finds_its_account(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.put("ruth", "correct horse", "Sister Ruth", Role.NURSE)
    found = accounts.check("ruth", "correct horse")
    assert found is not None
    assert (found.shown, found.role) == ("Sister Ruth", Role.NURSE)
    assert accounts.check("ruth", "correct Horse") is None
    assert accounts.check("nobody", "correct horse") is None


def test_the_file_is_its_owners_and_holds_no_password(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.put("ruth", "correct horse", "Sister Ruth", Role.NURSE)
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    text = accounts.path.read_text()
    assert "correct horse" not in text
    assert "$argon2id$" in text


@pytest.mark.parametrize(
    ("password", "fit"),
    [
        ("short", False),
        ("12345", False),
        ("111111", False),
        ("482915", True),
        ("correct horse", True),
        ("x" * 300, False),
    ],
)
def test_which_passwords_will_do(password: str, fit: bool) -> None:
    assert (weakness(password) == "") is fit


@pytest.mark.parametrize("text", ["", "[]", '{"ruth": {}}', '{"../x": {"hash": "h", "shown": "x"}}', "\x00"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accounts.json"
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(StationError) as caught:
        Accounts(path).all()
    assert caught.value.reason is StationReason.ACCOUNTS


def test_the_command_adds_lists_and_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "accounts.json")
    monkeypatch.setattr("sys.stdin", io.StringIO("482915\n"))
    assert main(["accounts", "add", "wall", "--role", "display", "--shown", "Wall", "--file", file]) == 0
    assert main(["accounts", "list", "--file", file]) == 0
    assert capsys.readouterr().out.split() == ["wall", "display", "Wall"]
    assert main(["accounts", "remove", "wall", "--file", file]) == 0
    assert main(["accounts", "remove", "wall", "--file", file]) == 2
    assert 'there is no account "wall"' in capsys.readouterr().err


def test_a_weak_password_is_refused_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1234\n"))
    assert main(["accounts", "add", "wall", "--file", str(tmp_path / "accounts.json")]) == 2
    assert "at least 10 characters" in capsys.readouterr().err


def test_each_further_wrong_password_doubles_the_wait() -> None:
    throttle, keys = Throttle(), ("account ruth",)
    waits = []
    for _ in range(FREE_TRIES + 12):
        throttle.fail(keys, 0)
        waits.append(throttle.wait_s(keys, 0))
    assert waits[: FREE_TRIES - 1] == [0.0] * (FREE_TRIES - 1)
    assert waits[FREE_TRIES - 1 : FREE_TRIES + 2] == [15.0, 30.0, 60.0]
    assert waits[-1] == LONGEST_WAIT_S
    assert throttle.wait_s(keys, round(LONGEST_WAIT_S * NS_PER_S)) == 0.0


def test_who_knows_the_password_waits_no_more() -> None:
    throttle, keys = Throttle(), ("account ruth", "address 10.0.0.1")
    for _ in range(FREE_TRIES):
        throttle.fail(keys, 0)
    throttle.succeed(keys)
    assert throttle.wait_s(keys, 0) == 0.0
