"""Bambu Lab printers on the LAN: MQTT over TLS for status and commands, implicit FTPS for files."""
