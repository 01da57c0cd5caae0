"""Prusa printers with PrusaLink: its API v1, by digest log-in or API key."""
