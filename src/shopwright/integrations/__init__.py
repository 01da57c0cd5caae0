"""Code for vendors that are not printers, one package each; no database, no pages."""
