"""Accounts at Bambu Lab's cloud: log-in in two steps, the device list with its LAN codes."""
