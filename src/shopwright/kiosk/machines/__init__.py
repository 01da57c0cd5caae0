"""The machines themselves: their keys, their heartbeats, where they stand."""
