"""OpenWeather behind the weather port."""
