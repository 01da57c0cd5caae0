"""Run loop of durable work in a process of its own."""
