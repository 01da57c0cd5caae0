"""Printable parts become print files: profiles, the slicer in a child, estimates without it."""
