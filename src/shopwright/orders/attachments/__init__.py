"""Files of orders."""
