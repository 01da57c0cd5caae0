"""Read models: what the shop took in, printed and used, kept by the day in step with the writes;
expenses."""
