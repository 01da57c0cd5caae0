"""A stand-in for Etsy that enforces Etsy's rules over real HTTP (integrations fact sheet 1.11)."""
