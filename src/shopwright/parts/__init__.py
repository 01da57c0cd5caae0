"""Part lifecycle, CAD versions, conversion, drawings."""
