"""A stand-in for Google's Gemini that makes pictures: checks keys and models, refuses, is busy,
slow or broken on demand, and draws its own."""
