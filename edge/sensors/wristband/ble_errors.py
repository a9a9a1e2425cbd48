"""What goes wrong with Bluetooth, in the words of this program."""

from __future__ import annotations

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.ble_band import BleBand
from edge.sensors.wristband.bluez_watch import SWITCHED_OFF

_UNAVAILABLE = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: "no Bluetooth adapter is seen: plug one in, "
    "unless the Bluetooth service has just been started and finds it by itself",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: "the Bluetooth adapter is too old for Low Energy: replace it",
    BleakBluetoothNotAvailableReason.POWERED_OFF: SWITCHED_OFF,
}

_NOT_PERMITTED = "the system does not let this program use Bluetooth: add its user to the group `bluetooth`"

_NO_BLUEZ = "the Bluetooth service is not running: `systemctl enable --now bluetooth`"

_DBUS = {
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.NoReply": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.AccessDenied": _NOT_PERMITTED,
    "org.bluez.Error.NotReady": SWITCHED_OFF,
    "org.bluez.Error.NotPermitted": _NOT_PERMITTED,
}
"""D-Bus errors that mean the radio, not the band."""

_AUTHENTICATION = "org.bluez.Error.Authentication"
"""Beginning of BlueZ's errors AuthenticationFailed, …Rejected, …Canceled and …Timeout."""

_NOT_PAIRED_BODY = "Not paired"
"""How BlueZ words ATT's insufficient authentication, encryption or key size, within org.bluez.Error.NotPermitted."""

_NOT_PAIRED_CODES = (
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
)
"""The same as ATT error codes (Bluetooth Core 5.4, Vol 3 Part F 3.4.1.1)."""


def radio_error(error: Exception) -> SensorError | None:
    """The `SensorError` for what is wrong with the radio itself, whichever band was meant; else None."""
    match error:
        case BleakBluetoothNotAvailableError():
            return SensorError(SensorReason.RADIO_OFF, _UNAVAILABLE.get(error.reason, _NOT_PERMITTED))
        case BleakDBusError() if error.dbus_error in _DBUS:
            return SensorError(SensorReason.RADIO_OFF, _DBUS[error.dbus_error])
        case TimeoutError():
            return None
        case OSError() | EOFError():
            return SensorError(
                SensorReason.RADIO_OFF, f"the system's message bus cannot be reached ({error!r}): {_NO_BLUEZ}"
            )
        case _:
            return None


def sensor_error(error: Exception, config: BleBand, address: str | None) -> SensorError:
    """The `SensorError` for what bleak, D-Bus or the operating system raised about the band of this address."""
    if _wants_pairing(error):
        return _not_paired(config, address)
    radio = radio_error(error)
    if radio is not None:
        return radio
    match error:
        case BleakDeviceNotFoundError():
            return SensorError(SensorReason.NOT_FOUND, f"{config.name} is out of reach or switched off")
        case BleakCharacteristicNotFoundError():
            return SensorError(
                SensorReason.WRONG_DEVICE, f"{config.name} is another kind of band ({error}): choose another `driver`"
            )
        case TimeoutError():
            return SensorError(
                SensorReason.TIMED_OUT, f"{config.name} did not answer in time: bring it nearer, or charge it"
            )
        case _:
            return SensorError(SensorReason.DISCONNECTED, f"the link to {config.name} failed: {error}")


def connect_error(error: Exception, config: BleBand, address: str) -> SensorError:
    """The `SensorError` for a band that was heard, and then would not connect.

    That another box holds the band can only be guessed: most bands that are connected do not advertise at all, and a
    refusal says no more than that the link did not come about.
    """
    known = sensor_error(error, config, address) if isinstance(error, (BleakError, OSError, EOFError)) else None
    if known is not None and known.reason is not SensorReason.DISCONNECTED:
        return known
    return SensorError(
        SensorReason.REFUSED,
        f"{config.name} ({address}) is within reach but does not let this box connect ({error}): if another box or "
        "phone uses it, disconnect it there; else switch the band off and on",
    )


def _wants_pairing(error: Exception) -> bool:
    match error:
        case BleakGATTProtocolError():
            return error.code in _NOT_PAIRED_CODES
        case BleakDBusError():
            refused = error.dbus_error.startswith(_AUTHENTICATION)
            return refused or _NOT_PAIRED_BODY in str(error.dbus_error_details or "")
        case _:
            return False


def _not_paired(config: BleBand, address: str | None) -> SensorError:
    return SensorError(
        SensorReason.NOT_PAIRED,
        f"{config.name} wants to be paired with this box first: bring it into its pairing mode (its manual says how) "
        f"and run `bluetoothctl pair {address or 'ADDRESS'}`",
    )
