"""How a printer is reached: over its LAN, its vendor's cloud, or either."""

from dataclasses import replace

from shopwright.fleet import drivers
from shopwright.fleet.addresses import CLOUD
from shopwright.fleet.cloud import queries
from shopwright.fleet.cloud.port import Clouds
from shopwright.fleet.models import CloudAccount, Printer
from shopwright.fleet.port import CloudAccess, Endpoint
from shopwright.fleet.queries import AnySession
from shopwright.kernel.secrets import Vault


async def find_endpoint(
    session: AnySession, printer: Printer, vault: Vault, clouds: Clouds
) -> Endpoint:
    """A cloud printer's with the account that names its serial, whose LAN code is the newer one.

    Raises KeyUnusable.
    """
    endpoint = drivers.endpoint_of(printer, vault)
    if printer.driver != CLOUD or not printer.serial:
        return endpoint
    found = await queries.find_way(session, printer.organization_id, printer.serial)
    if found is None:
        return endpoint
    account, device = found
    code = vault.decrypt(device.access_code) if device.access_code else endpoint.access_code
    return replace(endpoint, access_code=code, cloud=_access(account, vault, clouds))


def _access(account: CloudAccount, vault: Vault, clouds: Clouds) -> CloudAccess:
    hosts = clouds.hosts(account.region)
    return CloudAccess(
        hosts.mqtt_host,
        hosts.mqtt_port,
        f"u_{account.user_id}",
        vault.decrypt(account.token) if account.token else "",
        hosts.ca_file,
    )
