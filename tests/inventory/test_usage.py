"""What a person used by hand lowers stock to zero at least and is a movement with its reason."""

from sqlalchemy import select

from shopwright.inventory import filaments
from shopwright.inventory.filaments import FilamentSpec, SpoolSpec
from shopwright.inventory.models import FilamentMovement
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from tests.clock import START


async def test_usage_empties_the_oldest_spool_first_and_stops_at_zero(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        spec = FilamentSpec("PLA", "Red", initial_mg=30_000)
        filament = (await filaments.create_filament(session, owner, spec=spec, now=START)).filament
        ref = Ref(filament.id, None)
        await filaments.create_spool(
            session, owner, filament=ref, spec=SpoolSpec(initial_mg=50_000), now=START
        )

    taken = []
    for amount in (40_000, 60_000):
        async with database.write() as session:
            taken.append(
                await filaments.record_usage(
                    session,
                    owner,
                    filament_id=filament.id,
                    amount_mg=amount,
                    order_id=9,
                    note="calibration",
                    now=START,
                )
            )

    assert taken == [40_000, 40_000]
    async with database.read() as session:
        assert (await filaments.get_filament(session, owner, ref)).remaining_mg == 0
        rows = await session.scalars(
            select(FilamentMovement)
            .where(FilamentMovement.organization_id == owner.organization_id)
            .where(FilamentMovement.reason == MovementReason.USAGE)
            .order_by(FilamentMovement.id)
        )
        assert [(row.delta_mg, row.order_id, row.note) for row in rows] == [
            (-30_000, 9, "calibration"),
            (-10_000, 9, "calibration"),
            (-40_000, 9, "calibration (stock had 20 g less)"),
        ]
