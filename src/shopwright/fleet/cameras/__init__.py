"""Printers' cameras: pictures and live streams."""
