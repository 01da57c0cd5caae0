"""Stand-ins that enforce the rules of the real services and printers, for demo and tests.

``python -m shopwright.sandbox NAME [arguments]`` runs one of them for as long as its standard input
stays open; ``children.Child`` starts it so. On the command line: ``shopwright sandbox [NAME|all]``.
"""
