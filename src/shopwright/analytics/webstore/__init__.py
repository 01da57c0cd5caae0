"""The webstore's admin lists (reference (d)): its orders, pictures and counts."""
