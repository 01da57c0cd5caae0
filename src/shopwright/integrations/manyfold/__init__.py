"""Manyfold behind the port of model libraries."""
