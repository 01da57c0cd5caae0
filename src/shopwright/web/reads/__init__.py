"""Read statements of the screens: each part of a screen is one round trip, no ORM objects."""
