"""Our own role as a printer backend (reference (b)): jobs come in, devices fetch their files."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import StreamingResponse

from shopwright.accounts.access import PrintLimited
from shopwright.files.access import Files, drop_bytes, files_of, incoming_folder
from shopwright.files.service import NewFile
from shopwright.files.storage import FileStore, StorageFull, StoredFileMissing
from shopwright.files.uploads import Upload, UploadMalformed, UploadTooLarge, receive_upload
from shopwright.fleet.states import DrivenBy
from shopwright.kernel import ids, limits
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    Now,
    Process,
    ProcessDep,
    Read,
    Write,
    parse_ref,
    principal_of,
    problems,
    writing,
)
from shopwright.kernel.errors import (
    Forbidden,
    IllegalTransition,
    Invalid,
    NotFound,
    ShopError,
)
from shopwright.kernel.times import zulu
from shopwright.print_jobs import asked_products
from shopwright.print_jobs.backend import files as backend_files
from shopwright.print_jobs.backend import intake, polling, targets, tokens
from shopwright.print_jobs.backend import role_queries as queries
from shopwright.print_jobs.backend.edge import BackendCtx, BackendRoute
from shopwright.print_jobs.backend.intake import BackendJobUnknown, JobOffer, SenderJobReused
from shopwright.print_jobs.backend.models import ReceivedJob
from shopwright.print_jobs.backend.polling import BackendJobTaken, BackendProductUnknown
from shopwright.print_jobs.backend.role_schemas import (
    BackendAlive,
    ClaimBody,
    ClaimedFile,
    FileTaken,
    Handshake,
    JobStanding,
    OfRecipient,
    PendingFile,
    PendingFiles,
    ProductStatus,
    ProductStatusBody,
    SendPrintJob,
    UploadBody,
)
from shopwright.print_jobs.backend.targets import TargetUnknown
from shopwright.print_jobs.backend.tokens import FetchTokenSpent, FetchTokenUnknown
from shopwright.print_jobs.dispatch import AlreadyClaimed, PrinterUnsuitable
from shopwright.print_jobs.service import JobNotWaiting
from shopwright.print_jobs.states import POLLED, ReceivedStatus

PREFIX = "/printer-backend"
FORM = "multipart/form-data"

router = APIRouter(prefix=PREFIX, tags=["printer backend"], route_class=BackendRoute)

JobName = Annotated[str, Path(min_length=1, max_length=100)]
AppName = Annotated[str, Path(min_length=1, max_length=100)]
RecipientName = Annotated[str, Path(min_length=1, max_length=100)]
ProductName = Annotated[str, Path(min_length=1, max_length=100)]


async def _charge(request: Request) -> None:
    limits.charge(request, limits.WIDE, principal_of(request))


@router.get("")
@router.get("/health", include_in_schema=False)
async def read_health() -> BackendAlive:
    """Whether this printer backend runs; nothing is asked of it."""
    return BackendAlive()


@router.post(
    "/sendPrintJob",
    dependencies=[PrintLimited],
    responses=problems(
        Invalid, Forbidden, NotFound, TargetUnknown, SenderJobReused, JobNotWaiting,
        PrinterUnsuitable,
    ),
)  # fmt: skip
async def send_print_job(
    body: SendPrintJob, ctx: BackendCtx, session: Write, now: Now
) -> JobStanding:
    """Hand over a job: its file is fetched by its link, then it waits in our queue. The same
    ``job_id`` again is the same job."""
    if body.gcode_file is None:
        return await _send_own(session, ctx, body, now)
    received = await intake.accept_job(session, ctx, offer=body.offer(body.gcode_file))
    return await _standing(session, ctx, received)


@router.get("/jobs/{sender_job}", responses=problems(BackendJobUnknown))
async def read_job(sender_job: JobName, ctx: BackendCtx, session: Read) -> JobStanding:
    """How far a job is, by the sender's id or by ours."""
    received = await intake.get_received(session, ctx, sender_job)
    return await _standing(session, ctx, received)


UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["file", "recipientId", "productId"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "recipientId": {"type": "string"},
                        "productId": {"type": "string"},
                    },
                }
            },
            "application/json": {"schema": UploadBody.model_json_schema()},
        },
    }
}


@router.post(
    "/upload",
    dependencies=[PrintLimited],
    openapi_extra=UPLOAD_BODY,
    responses=problems(Invalid, UploadMalformed, UploadTooLarge, SenderJobReused, StorageFull),
)
async def upload_file(
    request: Request, ctx: BackendCtx, process: ProcessDep, now: Now
) -> FileTaken:
    """A file for the devices of a recipient, as a form or by its link; each fetches it once."""
    if request.headers.get("content-type", "").startswith("application/json"):
        received = await _take_link(request, ctx)
    else:
        received = await _take_form(request, ctx, process)
    token, expires_at = _token(process, received, now)
    return FileTaken(
        file_id=received.uuid,
        product_id=received.product_id,
        recipient_id=received.recipient,
        fetch_token=token,
        expires_at=expires_at,
        status=received.status.value,
    )


@router.get(
    "/fetch/{fetch_token}",
    response_class=StreamingResponse,
    dependencies=[Depends(_charge)],
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **problems(
            FetchTokenUnknown, FetchTokenSpent, BackendJobTaken, AlreadyClaimed, StoredFileMissing
        ),
    },
)
async def fetch_file(
    fetch_token: str, request: Request, process: ProcessDep, files: Files, now: Now
) -> StreamingResponse:
    """The file that a token stands for, once: the first who comes has it."""
    keys = process.context.vault.subkeys(tokens.PURPOSE)
    token = tokens.read_token(keys, fetch_token, now)
    async with process.database.read() as reading:
        waiting = await queries.find_by_file_id(reading, token.file_id)
    if waiting is not None and waiting.sha256 is not None:
        await files.size(waiting.sha256)  # before the token is spent
    async with writing(request) as session:
        spent = await polling.spend_token(session, token, now)
    return StreamingResponse(_as_json(files, spent, fetch_token), media_type="application/json")


@router.post(
    "/products/{sender_product}/handshake", responses=problems(Invalid, BackendProductUnknown)
)
async def shake_hands(
    sender_product: ProductName,
    body: OfRecipient,
    ctx: BackendCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
) -> Handshake:
    """Another fetch token for a product's file, for whoever lost the first; none once it prints."""
    received = await polling.get_of_product(session, ctx, sender_product, body.recipient_id)
    token, expires_at = _token(process, received, now)
    return Handshake(
        product_id=received.product_id,
        recipient_id=received.recipient,
        fetch_token=token,
        expires_at=expires_at,
        has_files=token is not None,
    )


@router.post(
    "/products/{sender_product}/status",
    responses=problems(Invalid, NotFound, BackendProductUnknown, IllegalTransition),
)
async def say_product_status(
    sender_product: ProductName, body: ProductStatusBody, ctx: BackendCtx, session: Write, now: Now
) -> ProductStatus:
    """A device says what became of a product's print."""
    if body.job_id is None:
        received = await polling.get_of_product(session, ctx, sender_product, body.recipient_id)
    else:
        received = await intake.get_received(session, ctx, body.job_id)
    word = body.word()
    if word is not None:
        received = await polling.say_status(session, ctx, received=received, word=word, now=now)
    return ProductStatus(product_id=sender_product, status=received.status.value)


@router.post(
    "/api/apps/{app_name}/functions/listPendingJobs",
    responses=problems(Invalid),
)
@router.post(
    "/api/apps/{app_name}/functions/listRecipientFiles",
    include_in_schema=False,
)
async def list_pending_jobs(
    app_name: AppName,  # noqa: ARG001  the key says whose jobs these are
    body: OfRecipient,
    ctx: BackendCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
) -> PendingFiles:
    """Files that wait for a recipient's devices, the oldest first, each with a fetch token."""
    return await _pending(process, session, ctx, body.recipient_id, now)


@router.get("/recipients/{recipient}/pending", responses=problems(Invalid))
async def list_pending(
    recipient: RecipientName, ctx: BackendCtx, session: Read, process: ProcessDep, now: Now
) -> PendingFiles:
    """The same by its own path; here, too, only with a key."""
    return await _pending(process, session, ctx, recipient, now)


@router.post(
    "/api/apps/{app_name}/functions/claimJob",
    responses=problems(Invalid, BackendJobUnknown, BackendJobTaken, AlreadyClaimed),
)
async def claim_job(
    app_name: AppName,  # noqa: ARG001
    body: ClaimBody,
    ctx: BackendCtx,
    session: Write,
    process: ProcessDep,
    now: Now,
) -> ClaimedFile:
    """Take a waiting job for one device; nobody else gets it then."""
    received = await polling.claim_job(
        session,
        ctx,
        name=body.job_id,
        recipient=body.recipient_id,
        device=body.printer_id or body.recipient_id,
        now=now,
    )
    token, _ = _token(process, received, now)
    return ClaimedFile(
        job_id=received.uuid,
        status=received.status.value,
        claimed_by=received.claimed_by,
        claimed_at=received.claimed_at,
        fetch_token=token or "",
    )


async def _send_own(session: Write, ctx: Actor, body: SendPrintJob, now: datetime) -> JobStanding:
    """A job of our own queue, by its id, as the reference's program sends it."""
    if not body.target().is_named:
        raise Invalid("gcode_file is missing: say where the file is, and how it is called.")
    printer = await targets.get_target(session, ctx, body.target())
    if printer.driven_by is DrivenBy.PRINTER_BACKEND:
        raise TargetUnknown(f"{printer.name} is no printer of ours: another backend has it.")
    job, _ = await asked_products.send_job(
        session, ctx, ref=parse_ref(body.job_id), printer_ref=parse_ref(printer.uuid), now=now
    )
    await session.refresh(job)
    return JobStanding(
        id=job.uuid,
        job_id=body.job_id,
        status=job.status.value,
        progress_percentage=0,
        failure_reason=job.failure_reason,
        product_id=body.product_id or "",
        product_name=job.name,
        recipient_id=body.recipient_id or "",
        file_name=job.file_name or "",
        created_at=job.created_at,
    )


async def _take_link(request: Request, ctx: Actor) -> ReceivedJob:
    try:
        told = UploadBody.model_validate_json(await request.body())
    except ValueError as err:
        raise Invalid(_first_words(err)) from err
    name = told.file_name or told.gcode_url.partition("?")[0].rsplit("/", 1)[-1]
    offer = _offer(told.model_dump(), name, url=told.gcode_url)
    async with writing(request) as session:
        return await intake.accept_job(session, ctx, offer=offer)


async def _take_form(request: Request, ctx: Actor, process: Process) -> ReceivedJob:
    """The bytes are stored before the row is written, which then has its file at once."""
    folder, max_mb = incoming_folder(process.settings), process.settings.max_upload_mb
    async with process.database.read() as session:
        await intake.check_room(session, ctx)
    async with receive_upload(request, folder, max_mb=max_mb) as upload:
        fields = _form_of(upload)
        stored = await files_of(process).put(upload.path, max_bytes=upload.size)
    new = NewFile(stored, upload.filename, "application/octet-stream")
    try:
        return await _accept_form(request, ctx, _offer(fields, upload.filename), new)
    except ShopError:
        await drop_bytes(process, [stored.sha256])
        raise


async def _accept_form(request: Request, ctx: Actor, offer: JobOffer, new: NewFile) -> ReceivedJob:
    async with writing(request) as session:
        received = await intake.accept_job(session, ctx, offer=offer)
        if received.status is ReceivedStatus.RECEIVED:
            await backend_files.keep_file(session, received, new)
            await session.refresh(received)
    return received


def _form_of(upload: Upload) -> dict[str, Any]:
    told = dict(upload.fields) | {"gcodeUrl": "https://unused.invalid/"}
    try:
        return UploadBody.model_validate(told).model_dump()
    except ValueError as err:
        raise Invalid(_first_words(err)) from err


def _offer(told: dict[str, Any], file_name: str, *, url: str = "") -> JobOffer:
    kept = {
        "encryptedData": told.get("encrypted_data"),
        "unencryptedData": told.get("unencrypted_data"),
    }
    return JobOffer(
        sender_job_id=told.get("job_id") or ids.new_uuid(),
        file_name=file_name,
        url=url,
        recipient=told["recipient_id"],
        product_id=told["product_id"],
        is_relay=True,
        request={name: value for name, value in kept.items() if value},
    )


def _first_words(err: ValueError) -> str:
    errors = getattr(err, "errors", None)
    first = errors()[0] if callable(errors) else {"loc": (), "msg": str(err)}
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


async def _pending(
    process: Process, session: Read, ctx: Actor, recipient: str, now: datetime
) -> PendingFiles:
    rows = await queries.list_pending(session, ctx, recipient)
    return PendingFiles(
        pending=[
            PendingFile(
                file_id=row.uuid,
                job_id=row.sender_job_id,
                product_id=row.product_id,
                file_name=row.file_name,
                fetch_token=_token(process, row, now)[0] or "",
                status="pending",
                created_at=row.created_at,
            )
            for row in rows
        ]
    )


def _token(
    process: Process, received: ReceivedJob, now: datetime
) -> tuple[str | None, datetime | None]:
    """None once the file is printing or gone; before it has come it is good for later."""
    if received.status not in {ReceivedStatus.RECEIVED, *POLLED} - {ReceivedStatus.PRINTING}:
        return None, None
    key = process.context.vault.subkey(tokens.PURPOSE)
    return tokens.make_token(key, received.uuid, received.fetch_round, now)


async def _standing(session: Any, ctx: Actor, received: ReceivedJob) -> JobStanding:
    standing = await intake.read_standing(session, ctx, received)
    return JobStanding.of(received, standing)


async def _as_json(
    files: FileStore, received: ReceivedJob, fetch_token: str
) -> AsyncIterator[bytes]:
    """The answer as the reference prints it, written piece by piece: files are large."""
    told = {
        "ok": True,
        "fileId": received.uuid,
        "jobId": received.sender_job_id,
        "recipientId": received.recipient,
        "productId": received.product_id,
        "fetchToken": fetch_token,
        "fileName": received.file_name,
        "sha256": received.sha256,
        "fetchedAt": zulu(received.fetched_at) if received.fetched_at else None,
        "metadata": {
            "encryptedData": received.request.get("encryptedData"),
            "unencryptedData": received.request.get("unencryptedData"),
        },
    }
    yield json.dumps(told)[:-1].encode() + b', "data": "'
    left = b""
    async for piece in files.stream(received.sha256 or ""):
        whole = left + piece
        cut = len(whole) - len(whole) % 3
        yield base64.b64encode(whole[:cut])
        left = whole[cut:]
    yield base64.b64encode(left) + b'"}'
