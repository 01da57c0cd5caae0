"""Printed labels whose QR code opens the part's page."""
