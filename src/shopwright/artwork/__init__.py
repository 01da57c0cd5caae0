"""Customers' canvases, AI images, print-ready renders; image port."""
