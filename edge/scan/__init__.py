"""What hangs on this machine: cameras, wristbands, serial devices, and the stanza for each."""
