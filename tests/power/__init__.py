"""Power cuts: what the disk holds when writes that were not synced are lost, torn or out of order."""
