"""The one exception tree of Anodyne.

    AnodyneError
    ├── ConfigError          the TOML file is wrong: line, key and what to write instead
    ├── BundleError          the model bundle is missing, corrupt or of another shape
    ├── InferenceError       a model runtime is missing or refuses to run a model
    ├── SensorError          one connection attempt of a sensor driver has ended
    ├── DecodeError          bytes or text from a device do not follow its protocol
    ├── StoreError           the state on disk cannot be read or written
    ├── SessionError         a recorded session cannot be read
    ├── PlotError            a session cannot be drawn
    ├── PublishError         the broker refuses or cannot be reached
    ├── CommandError         a command that arrived over MQTT is not acceptable
    ├── AuditError           the audit log cannot be read
    └── StationError         the nursing station's page cannot be served

Each error carries a *reason* (an enum member, for callers) and a sentence (for people) that says what to do.
"""

from enum import StrEnum
from typing import Generic, TypeVar

R = TypeVar("R", bound=StrEnum)


class AnodyneError(Exception):
    """Root of every error that Anodyne raises on purpose.

    Args:
        message: what happened, and what the reader can do about it.
    """

    def __init__(self, message: str) -> None:
        """Keep the sentence for people."""
        super().__init__(message)
        self.message = message


class ReasonedError(AnodyneError, Generic[R]):
    """An error whose reason callers can tell apart without reading the sentence.

    Args:
        reason: for callers.
        message: for people.
    """

    def __init__(self, reason: R, message: str) -> None:
        """Keep the reason beside the sentence."""
        super().__init__(message)
        self.reason = reason


class ConfigError(AnodyneError):
    """The configuration cannot be used; `message` names line, key and remedy of every problem."""


class AuditReason(StrEnum):
    """Why the audit log cannot be checked."""

    UNREADABLE = "unreadable"
    ANCHOR = "anchor"


class AuditError(ReasonedError[AuditReason]):
    """The audit log cannot be read, or what it is to be held against is nothing of the kind."""


class BundleReason(StrEnum):
    """Why a model bundle is refused."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    HASH = "hash"
    SHAPE = "shape"
    FORMAT = "format"
    SIGNATURE = "signature"
    KEY = "key"
    MACHINE = "machine"
    GOLDEN = "golden"
    DOWNGRADE = "downgrade"
    STATE = "state"


class BundleError(ReasonedError[BundleReason]):
    """A model bundle is refused as a whole, or a step with it is not possible now."""


class InferenceReason(StrEnum):
    """Why a model cannot be run."""

    NO_RUNTIME = "no_runtime"
    NUMPY_MISMATCH = "numpy_mismatch"
    REJECTED = "rejected"
    BAD_INPUT = "bad_input"


class InferenceError(ReasonedError[InferenceReason]):
    """The inference runtime is missing, broken, or refuses a model or an input."""


class SensorReason(StrEnum):
    """Why a sensor is not streaming."""

    STARTING = "starting"
    NOT_FOUND = "not_found"
    NOT_INSTALLED = "not_installed"
    IN_USE = "in_use"
    NOT_PERMITTED = "not_permitted"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    DISCONNECTED = "disconnected"
    TIMED_OUT = "timed_out"
    NO_DATA = "no_data"
    WRONG_DEVICE = "wrong_device"
    GARBLED = "garbled"
    WRONG_RATE = "wrong_rate"
    RADIO_OFF = "radio_off"
    REFUSED = "refused"
    NOT_PAIRED = "not_paired"
    AMBIGUOUS = "ambiguous"
    END_OF_RECORDING = "end_of_recording"
    SILENT = "silent"
    PARTIAL = "partial"
    CHANNEL_SILENT = "channel_silent"
    STOPPED = "stopped"
    SWITCHED_OFF = "switched_off"
    HUNG = "hung"
    DRIVER_FAULT = "driver_fault"


class SensorError(ReasonedError[SensorReason]):
    """One connection attempt of a driver has ended.

    `retryable` is False where trying again cannot help until a person acts (a recording that is corrupt).
    """

    def __init__(self, reason: SensorReason, message: str, *, retryable: bool = True) -> None:
        """Keep the reason and whether another attempt can help."""
        super().__init__(reason, message)
        self.retryable = retryable


class DecodeReason(StrEnum):
    """How bytes or text from a device break its protocol."""

    SHORT = "short"
    LONG = "long"
    CHECKSUM = "checksum"
    VERSION = "version"
    TYPE = "type"
    VALUE = "value"
    HEADER = "header"


class DecodeError(ReasonedError[DecodeReason]):
    """Bytes or text from a device do not follow its protocol."""


class StoreReason(StrEnum):
    """Why the state on disk cannot be used."""

    FULL = "full"
    CORRUPT = "corrupt"
    UNWRITABLE = "unwritable"
    LOCKED = "locked"
    VERSION = "version"


class StoreError(ReasonedError[StoreReason]):
    """The SQLite state cannot be read or written; nothing was half written."""


class SessionReason(StrEnum):
    """Why a recorded session cannot be read."""

    NOT_FOUND = "not_found"
    UNREADABLE = "unreadable"
    FOREIGN = "foreign"
    VERSION = "version"
    LOCKED = "locked"
    CORRUPT = "corrupt"
    EMPTY = "empty"
    SEALED = "sealed"
    KEY = "key"
    CONSENT = "consent"


class SessionError(ReasonedError[SessionReason]):
    """A recorded session cannot be read, or not beyond some point; what was read before is right."""


class ExportError(AnodyneError):
    """Records cannot be exported; `message` says which argument, file or answer is the reason."""


class MetricsError(AnodyneError):
    """The endpoint for Prometheus cannot be opened; `message` says what to install or which key to change."""


class PlotError(AnodyneError):
    """A session cannot be drawn; `message` says what to install or which file to choose."""


class PublishReason(StrEnum):
    """Why a message cannot be handed to the broker now."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    NOT_AUTHORISED = "not_authorised"
    PROTOCOL = "protocol"
    SILENT = "silent"
    TOO_LARGE = "too_large"
    CERTIFICATE = "certificate"
    TAKEN_OVER = "taken_over"
    NO_SHARING = "no_sharing"


class PublishError(ReasonedError[PublishReason]):
    """The broker refuses us or cannot be reached; what waits in the outbox stays there."""


class AnnunciatorReason(StrEnum):
    """Why the bed's own light or sound does not work."""

    MISSING = "missing"
    FAILED = "failed"


class AnnunciatorError(ReasonedError[AnnunciatorReason]):
    """A burst could not be played; alarms go on without it."""


class CommandReason(StrEnum):
    """Why a command is not carried out."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    NOT_AUTHORISED = "not_authorised"
    NOT_APPLICABLE = "not_applicable"
    WRONG_BED = "wrong_bed"


class CommandError(ReasonedError[CommandReason]):
    """A command that arrived over MQTT is not acceptable; the reply carries the reason."""


class StationReason(StrEnum):
    """Why the nursing station's page cannot be served."""

    NOT_INSTALLED = "not_installed"
    INSECURE = "insecure"
    ADDRESS = "address"
    CERTIFICATE = "certificate"
    ACCOUNTS = "accounts"
    PERMISSIONS = "permissions"
    PASSWORD = "password"  # noqa: S105 - the name of a reason


class StationError(ReasonedError[StationReason]):
    """The nursing station's page cannot be served as it is configured."""
