"""A real RTSP server (gst-rtsp-server) with a camera for each situation; run by a Python that has the `gi` bindings.

Prints its two ports when it is ready. Arguments: the port of the open cameras and of `/secret` (0: any), and user and
password of the latter.
"""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402  # the versions come first

H264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 threads=1 ! rtph264pay name=pay0 pt=96"
JPEG = "jpegenc ! rtpjpegpay name=pay0 pt=26"
BALL = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width={},height={},framerate={}/1"

MOUNTS = {
    "/ball": f"{BALL.format(640, 480, 30)} ! {H264}",
    "/small": f"{BALL.format(160, 120, 30)} ! {JPEG}",
    "/fast": f"{BALL.format(160, 120, 100)} ! {JPEG}",
    "/odd": f"{BALL.format(322, 182, 30)} ! {H264}",
    "/still": f"{BALL.format(160, 120, 30).replace('ball', 'circular')} ! {JPEG}",
    "/black": f"{BALL.format(160, 120, 30).replace('ball', 'black')} ! {JPEG}",
    "/short": f"{BALL.format(160, 120, 30).replace('is-live', 'num-buffers=60 is-live')} ! {JPEG}",
    "/voice": "audiotestsrc is-live=true ! audioconvert ! alawenc ! rtppcmapay name=pay0 pt=8",
    "/secret": f"{BALL.format(160, 120, 30)} ! {JPEG}",
}


def factory(launch: str) -> GstRtspServer.RTSPMediaFactory:
    """One camera; all who look see the same stream."""
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(f"( {launch} )")
    made.set_shared(True)
    return made


def serve(port: str, paths: tuple[str, ...]) -> tuple[GstRtspServer.RTSPServer, list[GstRtspServer.RTSPMediaFactory]]:
    """A server with these cameras, on loopback."""
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    made = [factory(MOUNTS[path]) for path in paths]
    for path, mounted in zip(paths, made, strict=True):
        server.get_mount_points().add_factory(path, mounted)
    return server, made


def guard(server: GstRtspServer.RTSPServer, camera: GstRtspServer.RTSPMediaFactory, user: str, password: str) -> None:
    """Let only this user see the camera, by Digest."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    rights = "user, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
    camera.add_role_from_structure(Gst.Structure.new_from_string(rights))


def main() -> None:
    """Serve until killed."""
    Gst.init(None)
    port, secret_port, user, password = sys.argv[1:]
    server, _ = serve(port, tuple(path for path in MOUNTS if path != "/secret"))
    guarded, (camera,) = serve(secret_port, ("/secret",))
    guard(guarded, camera, user, password)
    attached = (server.attach(None), guarded.attach(None))
    if not all(attached):
        sys.exit("a port is taken")
    sys.stdout.write(f"{server.get_bound_port()} {guarded.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
