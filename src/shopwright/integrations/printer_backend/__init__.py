"""An outside printer backend behind the port of print jobs."""
