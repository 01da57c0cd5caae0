"""The manufacturer of reference (d), who prints phone cases and speaks signed JSON over POST."""
