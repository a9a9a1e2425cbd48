"""The evaluation of the wristband, on made-up people whose faults are known."""
