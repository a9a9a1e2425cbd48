"""What a scan finds: fake folders, fake ports, and a real search over a virtual radio."""
