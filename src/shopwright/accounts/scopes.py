"""What an API key may be limited to, and which scope the routes below a path ask for."""

AGENT = "agent"  # the runner on the shop's LAN
PARTS = "parts"  # the reference part-management clients
PARTNER = "partner"  # an outside manufacturer
PRINTER_BACKEND = "printer_backend"  # those who hand jobs to our printers, and devices that poll

SCOPES = frozenset(
    {
        AGENT, PARTNER, PARTS, PRINTER_BACKEND, "account", "analytics", "artwork", "catalog",
        "channels", "files", "inventory", "kiosk", "notifications", "orders", "payments",
        "print_jobs", "printers", "shipping", "suppliers",
    }
)  # fmt: skip

# The first path segment after /api, where it is not the scope's own name.
SCOPE_OF_SEGMENT = {
    "admin": "catalog",
    "agents": AGENT,
    "alerts": "notifications",
    "bambu": "printers",
    "chinese": PARTNER,
    "connections": "channels",
    "customer-requests": "orders",
    "customers": "orders",
    "filament-usage": "inventory",
    "expenses": "analytics",
    "filaments": "inventory",
    "hardware": "inventory",
    "integrations": "catalog",
    "items": "orders",
    "keys": "account",
    "listings": "catalog",
    "machines": "kiosk",
    "maintenance": "printers",
    "members": "account",
    "order-imports": "orders",
    "parcels": "shipping",
    "payment-accounts": "payments",
    "pieces": "orders",
    "plan": "print_jobs",
    "planning": "print_jobs",
    "print-files": "files",
    "printer-connections": "printers",
    "pricing-settings": "catalog",
    "print-jobs": "print_jobs",
    "printer-commands": "printers",
    "printer-imports": "printers",
    "printer-status": "printers",
    "print-sessions": "orders",
    "production": "orders",
    "product-profiles": "catalog",
    "products": "catalog",
    "queue": "print_jobs",
    "recipes": "catalog",
    "refunds": "payments",
    "shipments": "shipping",
    "sku-aliases": "catalog",
    "sku-inbox": "orders",
    "spools": "inventory",
    "stock": "inventory",
    "supplier-offers": "suppliers",
    "supplier-orders": "suppliers",
    "variants": "catalog",
    "vending": "kiosk",
    "weather": "inventory",
    "webhooks": "notifications",
}


def scope_of_path(path: str) -> str | None:
    """The scope a limited key needs here; None when only an unlimited key may come in."""
    segments = path.split("/", 3)
    if len(segments) < 3 or segments[1] != "api":  # noqa: PLR2004  "", "api", segment
        return None
    segment = segments[2]
    scope = SCOPE_OF_SEGMENT.get(segment, segment)
    return scope if scope in SCOPES else None
