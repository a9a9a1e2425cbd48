"""The installed box on 64-bit Arm, its programs run by QEMU; run by `make test-arm64`, not by the everyday suite."""
