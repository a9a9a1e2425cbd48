"""The box's own health: the watchdog that is fed by progress, and the checks of `anodyne doctor`."""
