"""What was said with buyers about orders."""
