"""``analytics``: the roll-ups compared with the rows, and counted anew."""

from sqlalchemy import create_engine, text

from shopwright.kernel.migrations import sync_url
from tests.cli.conftest import Shopwright

PHANTOM = text(
    "INSERT INTO order_days (organization_id, day, currency, status, orders, revenue_minor)"
    " VALUES (1, '2026-03-02', 'EUR', 'paid', 1, 500)"
)


def test_reports_are_checked_and_counted_anew(shopwright: Shopwright, migrated_url: str) -> None:
    shopwright("org", "create", "One")
    assert shopwright("analytics", "rebuild").out == "The reports of One are counted anew.\n"
    assert shopwright("analytics", "check").code == 0
    engine = create_engine(sync_url(migrated_url))
    with engine.begin() as connection:
        connection.execute(PHANTOM)
    engine.dispose()
    wrong = shopwright("analytics", "check")
    assert (wrong.code, wrong.detail) == (4, "Wrong: orders. Run `shopwright analytics rebuild`.")
    shopwright("analytics", "rebuild")
    assert shopwright("analytics", "check").code == 0
