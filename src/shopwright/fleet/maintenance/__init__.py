"""Upkeep of printers: plans, tasks, spare parts, reported problems."""
