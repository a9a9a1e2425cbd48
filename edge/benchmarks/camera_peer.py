"""The camera that the camera's benchmark looks at: a process that sends JPEG pictures over HTTP and prints its port."""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count

import cv2
import numpy as np

RATE_HZ = 30.0
PICTURES = 30


def pictures() -> list[bytes]:
    """A second of a moving scene with a sensor's noise, colour, 640x480, as JPEG of quality 80 (21 kB each)."""
    rng = np.random.default_rng(1)
    scene = cv2.GaussianBlur(rng.integers(0, 256, (480, 640, 3), dtype=np.uint8), (0, 0), 3)
    noise = rng.integers(0, 8, (480, 640, 3), dtype=np.uint8)
    moved = (np.roll(scene, 7 * number, axis=1) // 2 + np.roll(noise, number, axis=0) for number in range(PICTURES))
    return [cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes() for picture in moved]


class Camera(BaseHTTPRequestHandler):
    """One who looks."""

    made = pictures()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Send pictures until nobody looks any more."""
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        due_s = time.monotonic()
        try:
            for number in count():
                body = self.made[number % PICTURES]
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n"
                self.wfile.write(f"{head}X-Timestamp: {time.monotonic():.6f}\r\n\r\n".encode() + body + b"\r\n")
                due_s += 1.0 / RATE_HZ
                time.sleep(max(0.0, due_s - time.monotonic()))
        except OSError:
            return


def main() -> None:
    """Serve until killed."""
    server = HTTPServer(("127.0.0.1", 0), Camera)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
