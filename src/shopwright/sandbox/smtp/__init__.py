"""A mail server that keeps what it is sent, and refuses as real ones do."""
