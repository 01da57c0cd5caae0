"""Queue, matching and why-not-now, dispatch, attempts, harvest."""
