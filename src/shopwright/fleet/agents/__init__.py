"""Agents: programs that drive printers where the server cannot reach them."""
