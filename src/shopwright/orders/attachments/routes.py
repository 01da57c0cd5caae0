"""Files of customers and orders over HTTP."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.files.access import drop_bytes
from shopwright.files.links import FileLink, sign_file_link
from shopwright.files.service import LINK_LASTS, LINK_PURPOSE
from shopwright.files.storage import StorageFull
from shopwright.files.uploads import UploadMalformed, UploadTooLarge
from shopwright.kernel.edge import (
    ALL_ROWS,
    MAX_ID,
    Now,
    Paging,
    Process,
    ProcessDep,
    Read,
    Ref,
    listed,
    page_of,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import PlainTime
from shopwright.orders.attachments import queries, service
from shopwright.orders.attachments.checks import FileIsEmpty, FileNotAsNamed
from shopwright.orders.attachments.service import Owners
from shopwright.orders.customers.requests import OrderOfAnother
from shopwright.orders.customers.states import FileType
from shopwright.orders.models import Attachment

router = APIRouter(prefix="/api/files", tags=["files"], route_class=RepeatableRoute)

AttachmentRef = Annotated[Ref, path_ref("attachment")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
Id = Annotated[int | None, Query(ge=1, le=MAX_ID)]
NO_STORE = {"Cache-Control": "no-store"}  # the links are signed and end

# The body is streamed by us, so FastAPI cannot tell its shape.
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "customer_id": {"type": "integer"},
                        "order_id": {"type": "integer"},
                        "description": {"type": "string", "maxLength": service.MAX_DESCRIPTION},
                    },
                }
            }
        },
    }
}


class AttachmentRead(BaseModel):
    """``url`` opens the file without an account until it ends after an hour."""

    id: int
    uuid: str
    filename: str
    file_type: FileType
    content_type: str
    file_size: int
    description: str
    customer_id: int | None
    order_id: int | None
    uploaded_by: str
    url: str
    url_expires_at: PlainTime
    created_at: PlainTime

    @classmethod
    def of(cls, row: Attachment, process: Process, now: datetime) -> "AttachmentRead":
        link = FileLink(row.sha256, row.name, row.content_type, now + LINK_LASTS)
        token = sign_file_link(process.context.vault.subkeys(LINK_PURPOSE), link)
        return cls(
            id=row.id,
            uuid=row.uuid,
            filename=row.name,
            file_type=row.file_type,
            content_type=row.content_type,
            file_size=row.size_bytes,
            description=row.description,
            customer_id=row.customer_id,
            order_id=row.order_id,
            uploaded_by=row.uploaded_by,
            url=f"{process.settings.base_path}/uploads/{token}",
            url_expires_at=link.expires_at,
            created_at=row.created_at,
        )


@router.get("", responses=problems(Invalid))
async def list_attachments(
    *,
    ctx: ViewerCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
    paging: EveryRow,
    customer_id: Id = None,
    order_id: Id = None,
    file_type: FileType | None = None,
) -> JSONResponse:
    """Files kept with customers and orders, the newest first."""
    rows, total = await queries.list_attachments(
        session, ctx,
        customer_id=customer_id, order_id=order_id, file_type=file_type, paging=paging,
    )  # fmt: skip
    answer = listed("files", [AttachmentRead.of(row, process, now) for row in rows], total, paging)
    answer.headers.update(NO_STORE)
    return answer


@router.post(
    "",
    status_code=201,
    response_model=AttachmentRead,
    openapi_extra=UPLOAD_BODY,
    responses=problems(
        UploadMalformed, UploadTooLarge, FileNotAsNamed, FileIsEmpty, NotFound, OrderOfAnother,
        StorageFull,
    ),
)  # fmt: skip
async def create_attachment(
    request: Request, ctx: MemberCtx, process: ProcessDep, now: Now
) -> JSONResponse:
    """Keep a file, with a customer or an order: models, G-code, pictures, PDF and others."""
    row = await service.receive_attachment(request, ctx, Owners())
    return _answer(AttachmentRead.of(row, process, now), 201)


@router.get("/{attachment}", response_model=AttachmentRead, responses=problems(NotFound))
async def read_attachment(
    attachment: AttachmentRef, ctx: ViewerCtx, session: Read, process: ProcessDep, now: Now
) -> JSONResponse:
    """One file, with a fresh link to it."""
    row = await service.get_attachment(session, ctx, attachment)
    return _answer(AttachmentRead.of(row, process, now))


@router.delete("/{attachment}", responses=problems(NotFound))
async def delete_attachment(
    request: Request, attachment: AttachmentRef, ctx: MemberCtx, process: ProcessDep
) -> Message:
    """Remove a file; its bytes go too when nobody else keeps the same content."""
    async with writing(request) as session:
        gone = await service.remove_attachment(session, ctx, ref=attachment)
    await drop_bytes(process, gone)
    return Message(message="File deleted")


def _answer(body: AttachmentRead, status: int = 200) -> JSONResponse:
    return JSONResponse(body.model_dump(mode="json"), status, NO_STORE)
