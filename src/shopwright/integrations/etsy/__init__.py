"""Etsy Open API v3 as a sales channel: OAuth, orders, tracking, listings."""
