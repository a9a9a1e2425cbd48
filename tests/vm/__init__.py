"""Checks on a real kernel, run by `make test-vm` in a virtual machine; not collected by the everyday suite."""
