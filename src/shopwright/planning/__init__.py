"""Recipe → work: draw stock, make or buy, promise dates. Does not match printers."""
