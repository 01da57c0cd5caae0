"""What a customer designs with: templates, AI styles, fonts, colours, stickers; and their price."""
