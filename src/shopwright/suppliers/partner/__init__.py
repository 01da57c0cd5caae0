"""What the manufacturer calls here: ``/api/chinese/…`` of reference (d)."""
