"""What an S3 server's refusal means for the shop. Its own words go to the log, never to a caller:
they name hosts and requests."""

import re

import structlog

from shopwright.files.storage import StorageAway, StorageFull, StorageMisconfigured
from shopwright.kernel.errors import Unavailable

log = structlog.get_logger()

_CODE = re.compile(r"<Code>(\w+)</Code>")
REFUSED_KEY = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AccessDenied",
    "Unauthorized",
    "InvalidArgument",  # R2 says so of a key that is not of its form
    "TokenRefreshRequired",
}
FULL = {"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
REFUSED_STATUS = re.compile(r"status code: 40[13]\b")


def code_of(err: Exception) -> str:
    """The server's own code, ``NoSuchKey``; empty when it said nothing, as to HEAD."""
    found = _CODE.search(str(err))
    return found[1] if found else ""


def is_absent(err: Exception) -> bool:
    """The object is not there; a bucket that is not there is another matter."""
    return isinstance(err, FileNotFoundError) and code_of(err) != "NoSuchBucket"


def as_storage_error(err: Exception) -> Unavailable:
    """The one to raise instead, with a sentence that says what to do."""
    code, text = code_of(err), str(err)
    log.warning("the file storage refused", code=code or None, error=text.partition("\n\n")[0])
    if code == "NoSuchBucket":
        return StorageMisconfigured(
            "The bucket of the file storage does not exist. Make it, or correct "
            "SHOPWRIGHT_S3_BUCKET or R2_BUCKET_NAME."
        )
    if code in REFUSED_KEY or REFUSED_STATUS.search(text):
        return StorageMisconfigured(
            "The file storage refuses the key. Check the access key, its secret, and that it may "
            "read, write, list and delete in the bucket."
        )
    if code in FULL:
        return StorageFull("The bucket of the file storage is full. Raise its limit.")
    return StorageAway("The file storage does not answer. Try again in a minute.")
