"""Machines that sell at the spot: their sessions, hand-over to a phone, and money they take."""
