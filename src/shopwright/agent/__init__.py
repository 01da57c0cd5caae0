"""The process on the shop's own network: the same fleet runner on a journal database of its own,
driven over one out-bound API."""
