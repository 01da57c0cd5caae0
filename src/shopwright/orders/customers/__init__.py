"""The people who buy."""
