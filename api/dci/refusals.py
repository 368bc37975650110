"""Why a DCI message or one of its requests is not answered: the codes of the specification."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Of the transport: the message as a whole is not taken (`Error.code`)."""

    BAD = "err.request.bad"
    UNAUTHORIZED = "err.request.unauthorized"
    FORBIDDEN = "err.request.forbidden"
    TOO_MANY = "err.request.too_many_requests"
    VERSION = "err.version.not_supported"
    SENDER_ID = "err.sender_id.invalid"
    SENDER_URI = "err.sender_uri.invalid"
    RECEIVER_ID = "err.receiver_id.invalid"
    SIGNATURE_MISSING = "err.signature.missing"
    SIGNATURE_INVALID = "err.signature.invalid"
    ENCRYPTION = "err.encryption.invalid"
    UNAVAILABLE = "err.service.unavailable"


class HeaderReason(StrEnum):
    """Of the header: the message is understood and rejected (`status_reason_code`)."""

    VERSION = "rjct.version.invalid"
    DUPLICATE = "rjct.message_id.duplicate"
    TIME = "rjct.message_ts.invalid"
    ACTION = "rjct.action.invalid"
    ACTION_NOT_SUPPORTED = "rjct.action.not_supported"
    COUNT = "rjct.total_count.invalid"
    COUNT_LIMIT = "rjct.total_count.limit_exceeded"


class SearchReason(StrEnum):
    """Of one request in a message."""

    DUPLICATE = "rjct.reference_id.duplicate"
    TIME = "rjct.timestamp.invalid"
    CRITERIA = "rjct.search_criteria.invalid"
    FILTER = "rjct.filter.invalid"
    SORT = "rjct.sort.invalid"
    PAGINATION = "rjct.pagination.invalid"
    TOO_MANY = "rjct.search.too_many_records_found"


#: HTTP status of a message that is not taken.
STATUS = {
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.SENDER_ID: 403,
    ErrorCode.SENDER_URI: 403,
    ErrorCode.SIGNATURE_MISSING: 403,
    ErrorCode.SIGNATURE_INVALID: 403,
    ErrorCode.TOO_MANY: 429,
    ErrorCode.UNAVAILABLE: 503,
}


class MessageError(Exception):
    """The message cannot be processed; nothing was changed."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def status(self) -> int:
        """The HTTP status that says so."""
        return STATUS.get(self.code, 400)


class HeaderError(Exception):
    """The header is understood, and the message rejected as a whole."""

    def __init__(self, reason: HeaderReason, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


class RequestError(Exception):
    """One request of a message is rejected; the others are answered."""

    def __init__(self, reason: SearchReason, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


def invalid(why: str) -> RequestError:
    """The refusal of a request whose query cannot be followed."""
    return RequestError(SearchReason.CRITERIA, why)
