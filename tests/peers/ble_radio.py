"""The air: virtual Bluetooth controllers that hear each other, made of bumble's."""

from __future__ import annotations

import asyncio

from bumble import hci
from bumble.controller import Controller
from bumble.core import PhysicalTransport
from bumble.device import Device
from bumble.host import Host
from bumble.link import LocalLink


class RadioController(Controller):
    """bumble's controller with two things that real ones do."""

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Complete the pending connection as cancelled; bumble leaves its caller waiting for ever."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        cancelled = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        asyncio.get_running_loop().call_soon(self.send_hci_packet, cancelled)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def lose_radio(self) -> None:
        """Let every link end by supervision time-out on both sides, as when somebody walks out of reach."""
        timed_out = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
        for connection in list(self.le_connections.values()):
            peer = self.link.find_le_controller(connection.peer_address) if self.link else None
            theirs = peer.le_connections.get(connection.self_address) if peer else None
            if peer is not None and theirs is not None:
                peer.on_le_disconnected(theirs, timed_out)
            self.on_le_disconnected(connection, timed_out)


class AirLink(LocalLink):
    """bumble's link, which takes every sender for one with a random address, and so loses what others send."""

    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        """Carry data over the sender's connection to the destination."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is None or receiver is None:
            return
        sender = connection.self_address
        asyncio.get_running_loop().call_soon(lambda: receiver.on_link_acl_data(sender, transport, data))


class Air:
    """Devices on one link."""

    def __init__(self) -> None:
        """Nobody is on the air."""
        self.link = AirLink()  # type: ignore[no-untyped-call]  # bumble leaves it untyped
        """What carries everything; for controllers that somebody else drives."""

    def device(self, name: str, address: str, *, public: bool = False) -> tuple[Device, RadioController]:
        """A device with this address, and its controller."""
        controller = RadioController(name, link=self.link, public_address=address if public else None)
        device = Device(name, hci.Address(address))
        device.host = Host()
        device.host.controller = controller
        return device, controller
