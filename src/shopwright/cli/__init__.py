"""The commands of the shopwright program."""
