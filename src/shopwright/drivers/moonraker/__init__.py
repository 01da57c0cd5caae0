"""Klipper printers behind Moonraker: its HTTP API, with an API key where it wants one."""
