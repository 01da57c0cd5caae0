"""Stored objects by content hash, signed URLs; disk or S3/R2."""
