"""Code for printer protocol families, one package each; no database, no pages."""
