"""Sliced files: plates, time, grams per filament, model, thumbnails, versions."""
