"""Stand-ins that enforce the rules of the real services and printers, for demo and tests."""
