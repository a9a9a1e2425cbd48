"""Network cameras that send JPEG pictures over HTTP.

OpenCV's FFmpeg reads such streams as well, but decodes every picture in colour, and hands out one that was cut off as
if it were whole. Here only the pictures that are due are decoded, in gray.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock
from edge.errors import SensorError, SensorReason
from edge.sensors.camera.capture import READ_TIMEOUT_S
from edge.sensors.camera.live import LiveCamera
from edge.sensors.camera.login import Login, no_such_path, read_login, refused, unreachable
from edge.sensors.camera.multipart import Part, Parts, boundary_of
from edge.sensors.camera.network import MjpegCamera
from edge.sensors.camera.source import Source

READ_BYTES = 1 << 18
"""Most bytes of one read: a few pictures of 640x480."""

_UNAUTHORISED = (401, 403)
_NOT_FOUND = (404, 410)


class Mjpeg(LiveCamera):
    """A network camera.

    Args:
        config: its stanza.
        clock: the box's.
    """

    def __init__(self, config: MjpegCamera, clock: Clock) -> None:
        """Open nothing yet."""
        super().__init__(config, clock)
        self._config = config

    def open_source(self) -> Source:
        """Connect and read the answer's head.

        Raises:
            SensorError: NOT_FOUND (no such host, port or path), UNREADABLE (login or certificate refused), TIMED_OUT
                (nothing answers), WRONG_DEVICE (what answers is no stream of pictures).
        """
        login = read_login(self._config.username, self._config.password_file)
        answer = _ask(self._config, login)
        content_type = answer.headers.get("Content-Type", "")
        boundary = boundary_of(content_type)
        if boundary is None:
            answer.close()
            raise SensorError(SensorReason.WRONG_DEVICE, _no_stream(self._config.url, content_type))
        return _MjpegSource(answer, Parts(boundary))


class _MjpegSource:
    """The answer's body, read picture by picture."""

    def __init__(self, answer: http.client.HTTPResponse, parts: Parts) -> None:
        self._answer = answer
        self._parts = parts
        self._part = Part(b"", None)

    def grab(self) -> bool:
        """Wait for a picture; of several that have come together the newest is taken."""
        began_s = time.monotonic()
        while time.monotonic() - began_s < READ_TIMEOUT_S:
            try:
                data = self._answer.read1(READ_BYTES)
                found = self._parts.feed(data)
            except TimeoutError:
                break
            except (OSError, http.client.HTTPException) as error:
                raise _gone(f"the camera's connection broke ({error or type(error).__name__})") from error
            except ValueError as error:
                raise SensorError(
                    SensorReason.WRONG_DEVICE, f"what the camera sends is no stream of pictures: {error}"
                ) from error
            if found:
                self._part = next((part for part in reversed(found) if part.jpeg), found[-1])
                return True
            if not data:
                raise _gone("the camera has ended the stream")
        raise SensorError(
            SensorReason.TIMED_OUT,
            f"the camera has sent no picture for {READ_TIMEOUT_S} s: check its power and network cable",
        )

    def stamp_ns(self) -> int | None:
        """What the camera wrote beside the picture."""
        return self._part.stamp_ns

    def retrieve(self) -> NDArray[np.uint8] | None:
        """Decode the grabbed picture."""
        if not self._part.jpeg:
            return None
        try:
            picture = cv2.imdecode(np.frombuffer(self._part.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        except cv2.error:
            return None
        # OpenCV's types do not say that it may be None.
        return None if picture is None else np.asarray(picture, np.uint8)

    def release(self) -> None:
        """Close the connection."""
        self._answer.close()


class _Refusals(urllib.request.BaseHandler):
    """Closes a refusal before the login is tried with it, which urllib leaves open."""

    handler_order = 100  # before urllib's own

    def http_error_401(self, _request: object, body: IO[bytes], *_: object) -> None:
        """The next handler sees to it."""
        body.close()


def _ask(config: MjpegCamera, login: Login | None) -> http.client.HTTPResponse:
    parts = urlsplit(config.url)
    where = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    try:
        answer: http.client.HTTPResponse = _opener(config, login).open(config.url, timeout=READ_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        raise _refusal(where, parts.path or "/", error.code, login) from error
    except urllib.error.URLError as error:
        raise _unreachable(where, error.reason) from error
    except http.client.HTTPException as error:
        raise SensorError(SensorReason.WRONG_DEVICE, f"what answers at {where} does not speak HTTP") from error
    except OSError as error:
        raise unreachable(where, error) from error
    except ValueError as error:  # a login of a kind that urllib does not know
        raise refused(where, login) from error
    return answer


def _opener(config: MjpegCamera, login: Login | None) -> urllib.request.OpenerDirector:
    """An opener without the environment's proxies: a camera stands in the ward's own network."""
    try:
        context = ssl.create_default_context(cafile=config.ca_file)
    except OSError as error:
        raise SensorError(
            SensorReason.UNREADABLE, f"the certificate {config.ca_file} cannot be read: correct `ca_file`"
        ) from error
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=context),
        _Refusals(),
    ]
    if login is not None:
        logins = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        logins.add_password(None, config.url, login.username, login.password)
        handlers += [urllib.request.HTTPDigestAuthHandler(logins), urllib.request.HTTPBasicAuthHandler(logins)]
    return urllib.request.build_opener(*handlers)


def _refusal(where: str, path: str, status: int, login: Login | None) -> SensorError:
    if status in _UNAUTHORISED:
        return refused(where, login)
    if status in _NOT_FOUND:
        return no_such_path(where, path)
    return SensorError(SensorReason.WRONG_DEVICE, f"the camera at {where} answers {status} instead of pictures")


def _unreachable(where: str, reason: object) -> SensorError:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return SensorError(
            SensorReason.UNREADABLE,
            f"the certificate of {where} is not trusted ({reason.verify_message}): give it as `ca_file`",
        )
    return unreachable(where, reason if isinstance(reason, OSError) else OSError(str(reason)))


def _no_stream(url: str, content_type: str) -> str:
    kind = content_type.partition(";")[0] or "of no type"
    hint = "it is a single picture" if kind.startswith("image/") else "it is a page"
    return f"{urlsplit(url).path or '/'} is no stream but {kind} ({hint}): correct the path of `url`"


def _gone(what: str) -> SensorError:
    return SensorError(SensorReason.DISCONNECTED, f"{what}: check its power and network")
