"""Orders, order items, pieces, piece steps, holds, notes, communications, customers."""
