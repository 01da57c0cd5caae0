"""A stand-in for Stripe: checkout sessions, refunds, signed events, and its ways to fail."""
