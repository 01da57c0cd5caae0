"""Checkout sessions, payments, refunds and fees; the port to payment providers."""
