"""Products, variants, recipes, listings, brands and device models, templates, stickers."""
