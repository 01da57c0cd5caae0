"""Printers that are known through their maker's cloud."""
