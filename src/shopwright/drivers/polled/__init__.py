"""What the printers have in common that are asked over HTTP again and again."""
