"""Outside manufacturers: their offers, the orders placed with them, and their live stock."""
