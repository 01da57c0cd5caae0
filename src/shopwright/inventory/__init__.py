"""Filaments, spools, slot → spool, finished goods, hardware, reservations, movements."""
