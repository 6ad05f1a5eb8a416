"""What can go wrong, each with the code and the sentence a person reads.

Codes `MARKETING_*` are those of the source document S4; ours beyond them are `SAFAR_*`. Rules raise these
where they are broken; `app/http` and the pages turn them into an answer once, at the edge.
"""

from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Error and refusal codes; `MARKETING_*` as S4 numbers them."""

    MARKETING_DISABLED = "MARKETING_001"
    CHANNEL_DISABLED = "MARKETING_002"
    NO_CONSENT = "MARKETING_010"
    OPTED_OUT = "MARKETING_011"
    DND_REGISTERED = "MARKETING_012"
    INVALID_CAMPAIGN_STATUS = "MARKETING_020"
    TEMPLATE_CHANNEL_MISMATCH = "MARKETING_021"
    WHATSAPP_TEMPLATE_NOT_APPROVED = "MARKETING_022"
    BUDGET_EXCEEDED = "MARKETING_023"
    INVALID_COUPON_CODE = "MARKETING_030"
    COUPON_EXPIRED = "MARKETING_031"
    COUPON_MAX_USES = "MARKETING_032"
    COUPON_CUSTOMER_LIMIT = "MARKETING_033"
    COUPON_MIN_ORDER = "MARKETING_034"
    COUPON_NOT_ELIGIBLE = "MARKETING_035"
    OUTSIDE_SEND_WINDOW = "MARKETING_050"
    THROTTLE_LIMIT = "MARKETING_051"
    PROVIDER_ERROR = "MARKETING_052"

    INVALID_INPUT = "SAFAR_001"
    NOT_FOUND = "SAFAR_002"
    UNAUTHENTICATED = "SAFAR_003"
    FORBIDDEN = "SAFAR_004"
    CONFLICT = "SAFAR_005"
    TOO_LARGE = "SAFAR_006"
    TOO_MANY_REQUESTS = "SAFAR_007"
    UNAVAILABLE = "SAFAR_008"
    INVALID_GRAPH = "SAFAR_010"
    INVALID_RULES = "SAFAR_011"
    INVALID_TEMPLATE = "SAFAR_012"
    INVALID_FILE = "SAFAR_013"
    BAD_SIGNATURE = "SAFAR_014"
    SETTINGS = "SAFAR_015"
    UNREACHABLE = "SAFAR_020"
    SUPPRESSED = "SAFAR_021"
    EXPIRED = "SAFAR_022"
    LEFT_JOURNEY = "SAFAR_024"
    OUTRANKED = "SAFAR_025"
    GIFT_CARD_REFUSED = "SAFAR_030"


class SafarError(Exception):
    """Base of all errors a person may read.

    Args:
        message: one sentence that names the field and the way out.
        details: machine-readable particulars, e.g. `{"field": "email"}` or a list of problems.
    """

    code: Code = Code.INVALID_INPUT
    status: int = 400

    def __init__(self, message: str, *, details: Any = None, code: Code | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        if code is not None:
            self.code = code

    def as_json(self) -> dict[str, Any]:
        """The body every API answers with (design: interface contract, "Errors")."""
        return {
            "success": False,
            "error": {"code": self.code.value, "message": self.message, "details": self.details},
        }


class InvalidInput(SafarError):
    """A field is missing or has a value that cannot be used."""

    code = Code.INVALID_INPUT
    status = 422


class NotFound(SafarError):
    """There is nothing at this id or address, or it belongs to somebody else."""

    code = Code.NOT_FOUND
    status = 404


class Unauthenticated(SafarError):
    """No key, a wrong key, or a session that has ended."""

    code = Code.UNAUTHENTICATED
    status = 401


class Forbidden(SafarError):
    """The role or the key does not allow this."""

    code = Code.FORBIDDEN
    status = 403


class Conflict(SafarError):
    """Somebody else changed it first, or its state does not allow this."""

    code = Code.CONFLICT
    status = 409


class TooLarge(SafarError):
    """The body or file is larger than this door takes."""

    code = Code.TOO_LARGE
    status = 413


class InvalidGraph(SafarError):
    """A journey's graph cannot be published; `details` lists the problems."""

    code = Code.INVALID_GRAPH
    status = 422


class InvalidRules(SafarError):
    """A segment's or branch's rules name an unknown field, operator or value."""

    code = Code.INVALID_RULES
    status = 422


class InvalidTemplate(SafarError):
    """A template does not parse, or uses what its channel cannot carry."""

    code = Code.INVALID_TEMPLATE
    status = 422


class InvalidFile(SafarError):
    """A file is not what this door reads: encoding, columns, format."""

    code = Code.INVALID_FILE
    status = 422


class BadSignature(SafarError):
    """A webhook's signature does not fit its body."""

    code = Code.BAD_SIGNATURE
    status = 401


class Unavailable(SafarError):
    """A part we need is down; repeating later is safe."""

    code = Code.UNAVAILABLE
    status = 503


class SettingsError(SafarError):
    """The installation's settings cannot be used."""

    code = Code.SETTINGS
    status = 500
