"""Can the broker be reached, and does it let this box in?"""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.config import Mqtt
from edge.health.findings import Finding, error, ok, warning

TIMEOUT_S = 3.0
"""Longest wait for each answer: a broker in the same house answers within milliseconds."""

_UNSUPPORTED_VERSION = 132
"""CONNACK reason 0x84 "Unsupported Protocol Version" (MQTT 5.0, 3.2.2.2)."""


def broker(config: Mqtt) -> Finding:
    """Open a TCP connection, then an MQTT session of its own, and close both."""
    where = f"{config.host}:{config.port}"
    try:
        socket.create_connection((config.host, config.port), TIMEOUT_S).close()
    except OSError as failure:
        return error("broker", f"{where} cannot be reached: {failure}")
    try:
        password = _password(config.password_file)
    except OSError as failure:
        return error("broker", f"password file {config.password_file} cannot be read: {failure.strerror}")
    return _session(config, password, where)


def password_file(path: Path) -> Finding:
    """Whether the password is kept from other users."""
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as failure:
        return error("password", f"{path} cannot be read: {failure.strerror}")
    if mode & 0o077:
        return warning("password", f"{path} can be read by others (mode {mode:04o}): chmod 600 {path}")
    return ok("password", f"{path}, mode {mode:04o}")


def _password(path: Path | None) -> str | None:
    return None if path is None else (path.read_text().splitlines() or [""])[0]


def _session(config: Mqtt, password: str | None, where: str) -> Finding:
    answer = _connect(config, password, MQTTProtocolVersion.MQTTv5)
    if answer in (None, _UNSUPPORTED_VERSION):  # a broker without v5 says so, or just hangs up
        older = _connect(config, password, MQTTProtocolVersion.MQTTv311)
        if older == 0:
            return warning("broker", f"{where} speaks MQTT 3.1.1 only: alerts will not expire on the broker")
        answer = older if older is not None else answer
    if answer is None:
        return error("broker", f"{where} accepts TCP but does not answer as an MQTT broker (TLS on one side only?)")
    if isinstance(answer, str):
        return error("broker", f"{where}: {answer}")
    if answer != 0:
        return error("broker", f"{where} refuses the session (reason {answer:#04x}): check username and password_file")
    return ok("broker", f"{where} accepts a session over MQTT 5" + (", encrypted" if config.tls else ""))


def _connect(config: Mqtt, password: str | None, version: MQTTProtocolVersion) -> int | str | None:
    """The reason code of the answer (0 is success), the text of a TLS failure, or None for no answer."""
    answers: list[int] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, f"anodyne-doctor-{secrets.token_hex(4)}", protocol=version)
    client.on_connect = lambda _client, _userdata, _flags, reason, _properties: answers.append(reason.value)
    if config.username:
        client.username_pw_set(config.username, password)
    try:
        if config.tls:
            tls = config.tls
            ca_file, cert_file, key_file = (
                str(path) if path else None for path in (tls.ca_file, tls.cert_file, tls.key_file)
            )
            client.tls_set(ca_certs=ca_file, certfile=cert_file, keyfile=key_file)
        client.connect(config.host, config.port, keepalive=config.keepalive_s)
        deadline = time.monotonic() + TIMEOUT_S
        while not answers and time.monotonic() < deadline:
            if client.loop(timeout=0.1) is not paho.MQTT_ERR_SUCCESS:
                break
    except (ssl.SSLError, OSError) as failure:
        return f"the encrypted connection fails: {failure}" if config.tls else None
    finally:
        client.disconnect()
    return answers[0] if answers else None
