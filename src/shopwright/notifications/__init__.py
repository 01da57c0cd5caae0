"""Rules and deliveries: who is told of what, by mail, chat or webhook, and whether it arrived."""
