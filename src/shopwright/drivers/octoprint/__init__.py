"""Printers behind OctoPrint: its REST API, with an API key."""
