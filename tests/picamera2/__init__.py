"""The driver picamera2 on the real picamera2 and libcamera's virtual camera; run by `make test-picamera2`."""
