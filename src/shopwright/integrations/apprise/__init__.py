"""Chat rooms and phones through Apprise."""
