"""What RTSP servers answer, right, wrong and hostile."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.camera import rtsp_describe
from edge.sensors.camera.rtsp_describe import Answer, parse_answer, read_answer

DESCRIPTION = "v=0\r\nm=video 0 RTP/AVP 96\r\n"


def test_a_description_is_read() -> None:
    head = f"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: {len(DESCRIPTION)}\r\n\r\n"
    assert parse_answer((head + DESCRIPTION).encode()) == Answer(200, (), DESCRIPTION)


def test_every_challenge_of_a_refusal_is_read() -> None:
    text = (
        'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="x", nonce="1"\r\nwww-authenticate: Basic\r\n\r\n'
    )
    assert parse_answer(text.encode()) == Answer(401, ('Digest realm="x", nonce="1"', "Basic"), "")


def test_an_answer_in_pieces_is_put_together() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for piece in (b"RTSP/1.0 200 OK\r\nContent-Le", b"ngth: 6\r\n\r\n", b"m=vi", b"de"):
            theirs.sendall(piece)
        assert read_answer(ours).body == "m=vide"


def test_an_answer_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends on and on, but never a whole answer."""
    monkeypatch.setattr(rtsp_describe, "TIMEOUT_S", -1.0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"RTSP/1.0 200 OK\r\n")
        with pytest.raises(TimeoutError):
            read_answer(ours)


@given(st.binary(max_size=500) | st.binary(max_size=200).map(lambda rest: b"RTSP/1.0 401 \r\nWWW-Authenticate:" + rest))
def test_any_bytes_give_an_answer(received: bytes) -> None:
    answer = parse_answer(received)
    assert answer.status == 0 or 100 <= answer.status < 600
