"""Draws designs and redraws strangers' pictures, inside a bounded child process."""
