"""The printer backend: jobs sent to one outside, and this server as one for others."""
