"""Connections (shop, encrypted tokens, watermark, health), channel port, pushes."""
