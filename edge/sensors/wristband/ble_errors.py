"""What goes wrong with Bluetooth, in the words of this program."""

from __future__ import annotations

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
)

from edge.errors import SensorError, SensorReason
from edge.sensors.wristband.ble_band import BleBand

_UNAVAILABLE = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: "this box has no Bluetooth adapter: plug one in",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: "the Bluetooth adapter is too old for Low Energy: replace it",
    BleakBluetoothNotAvailableReason.POWERED_OFF: "Bluetooth is switched off: run `bluetoothctl power on`, and "
    "`rfkill unblock bluetooth` if that is refused",
}

_NOT_PERMITTED = "the system does not let this program use Bluetooth: add its user to the group `bluetooth`"

_NO_BLUEZ = "the Bluetooth service is not running: `systemctl enable --now bluetooth`"

_DBUS = {
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.AccessDenied": _NOT_PERMITTED,
    "org.bluez.Error.NotReady": _UNAVAILABLE[BleakBluetoothNotAvailableReason.POWERED_OFF],
    "org.bluez.Error.NotPermitted": _NOT_PERMITTED,
}
"""D-Bus errors that mean the radio, not the band."""


def sensor_error(error: Exception, config: BleBand) -> SensorError:
    """The `SensorError` for what bleak, D-Bus or the operating system raised about this band."""
    match error:
        case BleakBluetoothNotAvailableError():
            return SensorError(SensorReason.RADIO_OFF, _UNAVAILABLE.get(error.reason, _NOT_PERMITTED))
        case BleakDBusError() if error.dbus_error in _DBUS:
            return SensorError(SensorReason.RADIO_OFF, _DBUS[error.dbus_error])
        case BleakDeviceNotFoundError():
            return SensorError(SensorReason.NOT_FOUND, f"{config.name} is out of reach or switched off")
        case BleakCharacteristicNotFoundError():
            return SensorError(
                SensorReason.WRONG_DEVICE, f"{config.name} is another kind of band ({error}): choose another `driver`"
            )
        case TimeoutError():
            return SensorError(
                SensorReason.TIMED_OUT,
                f"{config.name} did not answer within {config.connect_timeout_s:g} s: bring it nearer, or charge it",
            )
        case OSError() | EOFError():
            return SensorError(
                SensorReason.RADIO_OFF, f"the system's message bus cannot be reached ({error!r}): {_NO_BLUEZ}"
            )
        case _:
            return SensorError(SensorReason.DISCONNECTED, f"the link to {config.name} failed: {error}")
