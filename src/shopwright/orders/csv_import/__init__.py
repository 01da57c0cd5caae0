"""Orders from spreadsheets: looked at first, then taken in."""
