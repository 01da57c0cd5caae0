"""Shopwright runs a shop that makes what it sells: orders become pieces, prints and parcels."""

__version__ = "0.1.0"
