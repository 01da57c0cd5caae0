"""Stripe Checkout by the official library."""
