"""What every slice stands on: database, events, effects, errors, settings, ids, clock. No business
noun."""
