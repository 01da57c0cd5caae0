"""Onshape: its OAuth, its REST interface, asynchronous translations."""
