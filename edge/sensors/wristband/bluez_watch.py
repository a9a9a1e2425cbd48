"""What bleak does not tell about the system's Bluetooth: that its service died, that an adapter went or came.

bleak 3.1 follows each device's `Connected`. A bluetoothd that is killed sends no such change, and an adapter that is
unplugged takes its devices with it without one: links would look alive until the band's silence is noticed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from edge.errors import SensorReason

BLUEZ = "org.bluez"
ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
ROOT = "/org/bluez"

_RULES = (
    f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{BLUEZ}'",
    "type='signal',interface='org.freedesktop.DBus.ObjectManager',member='InterfacesAdded',arg0path='/org/bluez/'",
    "type='signal',interface='org.freedesktop.DBus.ObjectManager',member='InterfacesRemoved',arg0path='/org/bluez/'",
    "type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
    f"path_namespace='{ROOT}',arg0='{ADAPTER}'",
)
"""Signals of interest. `arg0` keeps the notifications of every band, which are property changes too, away."""


SERVICE_STOPPED = "the Bluetooth service has stopped: `systemctl status bluetooth` says why"
SERVICE_HANGS = "the Bluetooth service does not answer: run `systemctl restart bluetooth`"
ADAPTER_GONE = "the Bluetooth adapter is gone: plug it in again"
SWITCHED_OFF = (
    "Bluetooth is switched off: run `bluetoothctl power on`, and `rfkill unblock bluetooth` if that is refused"
)
FORGOTTEN = "the system's Bluetooth has dropped the band; it is searched for anew"


class BluezWatch:
    """Follows the service and its adapters over a D-Bus connection of its own.

    Args:
        on_gone: called with the object path under which every link has gone, and why: for callers and in words.
        on_change: called when an adapter or the service has come, or an adapter's power has changed.
    """

    def __init__(self, on_gone: Callable[[str, SensorReason, str], None], on_change: Callable[[], None]) -> None:
        """Not connected yet."""
        self._on_gone = on_gone
        self._on_change = on_change
        self._bus: MessageBus | None = None

    async def ensure(self) -> None:
        """Connect where that is not so (the message bus may have been restarted); nothing to do but on Linux.

        Raises:
            OSError: there is no message bus.
            EOFError: it hung up.
        """
        if sys.platform != "linux" or (self._bus is not None and self._bus.connected):
            return
        self.close()
        bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            await bus.connect()
            bus.add_message_handler(self._hear)
            for rule in _RULES:
                await bus.call(
                    Message(
                        destination="org.freedesktop.DBus",
                        path="/org/freedesktop/DBus",
                        interface="org.freedesktop.DBus",
                        member="AddMatch",
                        signature="s",
                        body=[rule],
                    )
                )
        except BaseException:
            bus.disconnect()
            raise
        self._bus = bus

    def close(self) -> None:
        """Disconnect from the message bus."""
        if self._bus is not None:
            self._bus.disconnect()
        self._bus = None

    def _hear(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        match message.member, message.body:
            case "NameOwnerChanged", [str(name), str(before), str()] if name == BLUEZ:
                if before:
                    self._on_gone(ROOT, SensorReason.RADIO_OFF, SERVICE_STOPPED)
                self._on_change()
            case "InterfacesRemoved", [str(path), list(interfaces)] if ADAPTER in interfaces:
                self._on_gone(path, SensorReason.RADIO_OFF, ADAPTER_GONE)
                self._on_change()
            case "InterfacesRemoved", [str(path), list(interfaces)] if DEVICE in interfaces:
                self._on_gone(path, SensorReason.DISCONNECTED, FORGOTTEN)
            case "InterfacesAdded", [str(), dict(interfaces)] if ADAPTER in interfaces:
                self._on_change()
            case "PropertiesChanged", [str(), dict(changed), list()] if "Powered" in changed:
                if not changed["Powered"].value:
                    self._on_gone(str(message.path), SensorReason.RADIO_OFF, SWITCHED_OFF)
                self._on_change()
            case _:
                pass
