"""Orders that strangers place: from the catalogue's prices, read again by an unguessable link."""
