"""Printers, driver port, runner, leases, commands; what the device says is in a slot."""
