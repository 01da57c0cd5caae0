"""Identifiers: uuids that sort by time, device job ids that a printer takes for new."""

import uuid

from shopwright.kernel import ids


def test_uuids_are_version_7_and_unique() -> None:
    made = [ids.new_uuid() for _ in range(200)]
    assert {uuid.UUID(text).version for text in made} == {7}
    assert len(set(made)) == 200


def test_device_job_ids_are_fresh_non_zero_32_bit_numbers() -> None:
    made = {ids.new_device_job_id() for _ in range(200)}
    assert len(made) == 200
    assert all(0 < int(text) <= ids.MAX_DEVICE_JOB_ID for text in made)


def test_only_uuids_are_uuids() -> None:
    assert ids.is_uuid(ids.new_uuid())
    assert not ids.is_uuid("17")
