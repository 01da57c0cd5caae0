"""Google's Gemini behind the port for pictures."""
