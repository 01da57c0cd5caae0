"""Finding printers on the network."""
