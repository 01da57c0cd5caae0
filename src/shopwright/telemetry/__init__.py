"""Latest snapshot, sample ring, state intervals, roll-ups; knows printers by id only."""
