"""A sealed session: the site opens it bit for bit, the box cannot, and nothing in it can be changed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import SessionError, SessionReason
from edge.recorder.events import Ticked
from edge.recorder.seal import new_pair, private_key, public_key
from edge.recorder.sealed import SealedFile, unseal
from edge.recorder.session import Session
from edge.recorder.shelf import Shelf
from tests.recorder.events import FACTS, ONE_OF_EACH, write


def sealed(path: Path, site: X25519PrivateKey, ended: bool = True) -> Path:
    """A session of two chunks and a hundred ticks."""
    file = SealedFile(path, FACTS, site.public_key())
    file.append([Ticked(number) for number in range(50)])
    file.append([Ticked(number) for number in range(50, 100)])
    if ended:
        file.close()
    return path


@pytest.fixture
def site() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


def ticks(path: Path) -> list[int]:
    with Session.open(path) as session:
        return [event.at_ns for _, event in session.events()]


def test_it_opens_to_the_very_session_that_was_recorded(tmp_path: Path, site: X25519PrivateKey) -> None:
    told = ONE_OF_EACH
    file = SealedFile(tmp_path / "one.sealed", FACTS, site.public_key())
    file.append(told)
    file.close()
    assert unseal(file.path, site, tmp_path / "one.anodyne")
    write(tmp_path / "plain.anodyne", told)
    with Session.open(tmp_path / "one.anodyne") as opened, Session.open(tmp_path / "plain.anodyne") as plain:
        assert opened.facts == plain.facts == FACTS
        assert opened.ended
        rows = [[(seq, repr(event)) for seq, event in one.events()] for one in (opened, plain)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == len(told)


def test_nothing_of_it_can_be_read_in_the_file(tmp_path: Path, site: X25519PrivateKey) -> None:
    data = sealed(tmp_path / "one.sealed", site).read_bytes()
    for word in (b"home", b"bed1", b"tick", b"fusion", b"SQLite"):
        assert word not in data
    assert (tmp_path / "one.sealed").stat().st_mode & 0o777 == 0o600


def test_another_key_opens_nothing(tmp_path: Path, site: X25519PrivateKey) -> None:
    path = sealed(tmp_path / "one.sealed", site)
    with pytest.raises(SessionError) as refused:
        unseal(path, X25519PrivateKey.generate(), tmp_path / "out")
    assert refused.value.reason is SessionReason.KEY
    assert not (tmp_path / "out").exists()


def test_a_crash_costs_the_last_second_only(tmp_path: Path, site: X25519PrivateKey) -> None:
    path = sealed(tmp_path / "one.sealed", site, ended=False)
    path.write_bytes(path.read_bytes()[:-5])
    assert unseal(path, site, tmp_path / "out.anodyne") is False
    assert ticks(tmp_path / "out.anodyne") == list(range(50))


@pytest.mark.parametrize("short_by", [1, 5, 200])
def test_a_disk_that_takes_half_a_chunk_costs_that_chunk_only(
    tmp_path: Path, site: X25519PrivateKey, monkeypatch: pytest.MonkeyPatch, short_by: int
) -> None:
    file = SealedFile(tmp_path / "one.sealed", FACTS, site.public_key())
    file.append([Ticked(number) for number in range(50)])
    write_truly = os.write
    left = 0

    def full(descriptor: int, data: bytes) -> int:
        nonlocal left
        left = left or len(data) - short_by
        if left == -1:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken, left = write_truly(descriptor, data[:left]), -1
        return taken

    with monkeypatch.context() as patch:
        patch.setattr("edge.recorder.sealed.os.write", full)
        with pytest.raises(OSError, match="No space"):
            file.append([Ticked(number) for number in range(50, 100)])
    file.close()
    assert unseal(file.path, site, tmp_path / "out.anodyne") is False
    assert ticks(tmp_path / "out.anodyne") == list(range(50))


def test_what_came_before_a_changed_chunk_is_opened_as_cut_short(tmp_path: Path, site: X25519PrivateKey) -> None:
    head, parts = chunks(sealed(tmp_path / "one.sealed", site))
    (tmp_path / "one.sealed").write_bytes(head + parts[0] + parts[1] + parts[2][:-1] + b"?" + parts[3])
    with pytest.raises(SessionError):
        unseal(tmp_path / "one.sealed", site, tmp_path / "out.anodyne")
    assert [path.name for path in tmp_path.glob("out*")] == ["out.anodyne"]
    with Session.open(tmp_path / "out.anodyne") as session:
        assert not session.ended
    assert ticks(tmp_path / "out.anodyne") == list(range(50))


def test_a_key_that_was_changed_to_a_point_of_small_order_is_told(tmp_path: Path, site: X25519PrivateKey) -> None:
    data = bytearray(sealed(tmp_path / "one.sealed", site).read_bytes())
    data[16:48] = bytes(32)
    (tmp_path / "one.sealed").write_bytes(data)
    with pytest.raises(SessionError) as refused:
        unseal(tmp_path / "one.sealed", site, tmp_path / "out")
    assert refused.value.reason is SessionReason.CORRUPT


SITE = X25519PrivateKey.generate()


@given(where=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_a_flipped_bit_never_gives_other_events(tmp_path_factory: pytest.TempPathFactory, where: int, bit: int) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    path = sealed(folder / "one.sealed", SITE)
    data = bytearray(path.read_bytes())
    data[where % len(data)] ^= 1 << bit
    path.write_bytes(data)
    try:
        unseal(path, SITE, folder / "out.anodyne")
    except SessionError:
        return
    assert ticks(folder / "out.anodyne") in ([], list(range(50)), list(range(100)))  # a length: cut short there


def chunks(path: Path) -> tuple[bytes, list[bytes]]:
    data = path.read_bytes()
    head, rest, found = data[:80], data[80:], []
    while rest:
        end = 4 + int.from_bytes(rest[:4], "big")
        found.append(rest[:end])
        rest = rest[end:]
    return head, found


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (0, 2, 3), (0, 1, 1, 2, 3), (1, 2, 3)])
def test_chunks_cannot_be_moved_repeated_or_left_out(
    tmp_path: Path, site: X25519PrivateKey, order: tuple[int, ...]
) -> None:
    head, parts = chunks(sealed(tmp_path / "one.sealed", site))
    (tmp_path / "one.sealed").write_bytes(head + b"".join(parts[number] for number in order))
    with pytest.raises(SessionError) as refused:
        unseal(tmp_path / "one.sealed", site, tmp_path / "out")
    assert refused.value.reason is SessionReason.CORRUPT


def test_a_chunk_of_another_session_does_not_fit(tmp_path: Path, site: X25519PrivateKey) -> None:
    head, parts = chunks(sealed(tmp_path / "one.sealed", site))
    _, others = chunks(sealed(tmp_path / "two.sealed", site))
    (tmp_path / "one.sealed").write_bytes(head + parts[0] + others[1] + parts[2] + parts[3])
    with pytest.raises(SessionError) as refused:
        unseal(tmp_path / "one.sealed", site, tmp_path / "out")
    assert refused.value.reason is SessionReason.CORRUPT


def test_an_ordinary_reader_says_that_it_is_sealed(tmp_path: Path, site: X25519PrivateKey) -> None:
    with pytest.raises(SessionError) as refused:
        Session.open(sealed(tmp_path / "one.sealed", site))
    assert refused.value.reason is SessionReason.SEALED
    assert "anodyne sessions open" in refused.value.message


def test_the_sites_pair_goes_through_files_with_and_without_a_password(tmp_path: Path) -> None:
    for password in (None, b"rather long"):
        private, public = new_pair(password)
        (tmp_path / "site.key").write_bytes(private)
        (tmp_path / "site.pub").write_bytes(public)
        found = private_key(tmp_path / "site.key", password)
        assert found.public_key() == public_key(tmp_path / "site.pub")
    with pytest.raises(SessionError) as refused:
        private_key(tmp_path / "site.key", b"wrong")
    assert refused.value.reason is SessionReason.KEY
    with pytest.raises(SessionError):
        public_key(tmp_path / "site.key")


def test_sealed_sessions_are_on_the_shelf_like_others(tmp_path: Path, site: X25519PrivateKey) -> None:
    shelf = Shelf(tmp_path)
    paths = []
    for _ in range(3):
        paths.append(shelf.new_path(FACTS.start, sealed=True))
        sealed(paths[-1], site)
        os.utime(paths[-1], (1_000_000_000, 1_000_000_000))
    assert [one.path for one in shelf.sessions()] == paths
    assert shelf.tidy(paths[0].stat().st_size, 1000.0, FACTS.start, None) == paths[:2]
