"""Brands and device models: what a customer's design is printed on, with sizes and live stock."""
