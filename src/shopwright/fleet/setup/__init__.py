"""New printers: the way to them is tried, and many are taken from a spreadsheet."""
