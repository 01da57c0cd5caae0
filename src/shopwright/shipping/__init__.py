"""Packing, parcels, tracking."""
