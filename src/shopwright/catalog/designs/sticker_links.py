"""How stickers are addressed: by public, lasting URLs, and by signed ones that end."""

from datetime import datetime, timedelta
from typing import Any

from shopwright.catalog.designs.models import Sticker
from shopwright.catalog.designs.sticker_pictures import PNG_TYPE, WEBP_TYPE
from shopwright.files.links import FileLink, sign_file_link
from shopwright.files.service import LINK_PURPOSE
from shopwright.kernel.edge import Process
from shopwright.kernel.times import zulu

HOUR = timedelta(hours=1)


def sticker_of(process: Process, sticker: Sticker, category: str, now: datetime) -> dict[str, Any]:
    """As lists tell it. Signed links end on a full hour, so that a list stays the same meanwhile
    and can be kept."""
    base = f"{process.settings.base_url}/api/stickers/image/{category}"
    until = now.replace(minute=0, second=0, microsecond=0) + 2 * HOUR
    return {
        "id": sticker.id,
        "key": f"{category}/{sticker.file_name}",
        "filename": sticker.file_name,
        "name": sticker.name,
        "category": category,
        "width": sticker.width_px,
        "height": sticker.height_px,
        "url": signed_link(process, sticker, is_small=False, expires_at=until),
        "expires_at": zulu(until),
        "image_url": f"{base}/{sticker.file_name}",
        "thumbnail_url": f"{base}/thumbnails/{sticker.file_name}",
        "is_active": sticker.is_active,
        "display_order": sticker.display_order,
    }


def signed_link(process: Process, sticker: Sticker, *, is_small: bool, expires_at: datetime) -> str:
    """Whoever has it may fetch this one picture until then."""
    sha256 = sticker.thumbnail_sha256 if is_small else sticker.file_sha256
    content_type = WEBP_TYPE if is_small else PNG_TYPE
    link = FileLink(sha256, sticker.file_name, content_type, expires_at)
    token = sign_file_link(process.context.vault.subkeys(LINK_PURPOSE), link)
    return f"{process.settings.base_url}/files/{token}"
