"""Screens that combine slices with their own read statements; layout, components, static files."""
