"""What every evaluation shares: intervals over people, calibration, tables, the page, the command line."""
