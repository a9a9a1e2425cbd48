"""Real peers for the tests: brokers, a virtual radio with wristbands, a sniffer."""
