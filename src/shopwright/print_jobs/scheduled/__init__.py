"""Prints without an order, now or at a time."""
