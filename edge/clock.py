"""Time as a parameter: the system's clock, and a virtual one that jumps over idle time.

Everything in the daemon asks a `Clock`; nothing calls `time` or `asyncio.sleep` by itself. Under `VirtualClock` the
event loop (`run` builds it) jumps to the next timer as soon as nothing is ready and nobody holds the clock, so hours
of a patient's day run in seconds. Work outside the loop (a thread that decodes a frame, a broker that owes an
acknowledgement) takes a `hold`, and time stands still until it is released.
"""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import os
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from edge.types import NS_PER_S

P = ParamSpec("P")
T = TypeVar("T")

_HOLD_POLL_S = 0.25
"""Longest real wait in one turn of a held virtual loop: bounds how late a lost wake-up is noticed."""

_TIME_ERROR = 5
"""`TIME_ERROR` of adjtimex(2): the kernel clock is not synchronised."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment that can be ordered across reboots and, when synced, placed in the day.

    Attributes:
        boot_id: identity of the boot in which `mono_ns` counts.
        mono_ns: monotonic nanoseconds within that boot.
        wall_ms: Unix milliseconds as the box believed them.
        synced: whether the wall clock was synchronised at that moment.
    """

    boot_id: str
    mono_ns: int
    wall_ms: int
    synced: bool


class Clock(Protocol):
    """What every room may ask of time."""

    @property
    def boot_id(self) -> str:
        """Identity of this boot (12 hexadecimal digits)."""
        ...

    def now_ns(self) -> int:
        """Monotonic nanoseconds."""
        ...

    def instant(self) -> Instant:
        """The present moment with its wall time attached."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Suspend the caller for `seconds` of this clock."""
        ...

    async def sleep_until(self, mono_ns: int) -> None:
        """Suspend the caller until `mono_ns`; returns at once where that has passed."""
        ...

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep virtual time from jumping while work outside the event loop is under way."""
        ...

    async def in_thread(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in a worker thread, holding the clock."""
        ...


def read_boot_id() -> str:
    """The kernel's boot identity, shortened to 12 hexadecimal digits; a random one where the kernel has none."""
    path = Path("/proc/sys/kernel/random/boot_id")
    text = path.read_text() if path.exists() else os.urandom(16).hex()
    return text.strip().replace("-", "")[:12]


class _Timex(ctypes.Structure):
    """Room for `struct timex`; only the state returned by the call is read."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 252))


def kernel_clock_synced() -> bool:
    """Whether the kernel says that its wall clock is synchronised (adjtimex(2)); False where it cannot say."""
    library = _c_library()
    adjtimex = None if library is None else getattr(library, "adjtimex", None)
    if adjtimex is None:
        return False
    state = int(adjtimex(ctypes.byref(_Timex())))
    return 0 <= state < _TIME_ERROR


@cache
def _c_library() -> ctypes.CDLL | None:
    """The C library, looked up once: each search for it runs a program, 18 ms here."""
    name = ctypes.util.find_library("c")
    return None if name is None else ctypes.CDLL(name)


class SystemClock:
    """The real clock of the box."""

    def __init__(self) -> None:
        """Read the boot identity once."""
        self._boot_id = read_boot_id()

    @property
    def boot_id(self) -> str:
        """Identity of this boot."""
        return self._boot_id

    def now_ns(self) -> int:
        """Monotonic nanoseconds."""
        return time.monotonic_ns()

    def instant(self) -> Instant:
        """The present moment with its wall time attached."""
        return Instant(self._boot_id, self.now_ns(), time.time_ns() // 1_000_000, kernel_clock_synced())

    async def sleep(self, seconds: float) -> None:
        """Suspend the caller for `seconds`."""
        await asyncio.sleep(max(0.0, seconds))

    async def sleep_until(self, mono_ns: int) -> None:
        """Suspend the caller until `mono_ns`."""
        await asyncio.sleep(max(0.0, (mono_ns - self.now_ns()) / NS_PER_S))

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Real time cannot be held: nothing to do."""
        yield

    async def in_thread(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in a worker thread."""
        return await asyncio.to_thread(function, *args, **kwargs)


class VirtualClock:
    """A clock that stands still while there is work and jumps to the next timer when there is none.

    Args:
        start_wall_ms: Unix milliseconds that the virtual wall clock shows at the start.
        synced: what `instant().synced` says.
        boot_id: identity of the virtual boot.
    """

    def __init__(
        self, start_wall_ms: int = 1_767_225_600_000, *, synced: bool = True, boot_id: str = "0123456789ab"
    ) -> None:
        """Start at monotonic zero."""
        self._now_ns = 0
        self._start_wall_ms = start_wall_ms
        self._holds = 0
        self._boot_id = boot_id
        self.synced = synced

    @property
    def boot_id(self) -> str:
        """Identity of this virtual boot."""
        return self._boot_id

    @property
    def held(self) -> bool:
        """Whether somebody keeps time from jumping."""
        return self._holds > 0

    def now_ns(self) -> int:
        """Virtual monotonic nanoseconds."""
        return self._now_ns

    def instant(self) -> Instant:
        """The present virtual moment with its wall time attached."""
        return Instant(self._boot_id, self._now_ns, self._start_wall_ms + self._now_ns // 1_000_000, self.synced)

    def step_wall(self, seconds: float) -> None:
        """Step the wall clock, as a late NTP answer does; monotonic time is untouched."""
        self._start_wall_ms += round(seconds * 1000)

    def advance(self, seconds: float) -> None:
        """Move time forward. The virtual loop calls this; tests without a loop may as well.

        Raises:
            ValueError: if `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError("a monotonic clock cannot go back")
        self._now_ns += round(seconds * NS_PER_S)

    async def sleep(self, seconds: float) -> None:
        """Suspend the caller for `seconds` of virtual time."""
        await asyncio.sleep(max(0.0, seconds))

    async def sleep_until(self, mono_ns: int) -> None:
        """Suspend the caller until virtual `mono_ns`."""
        await asyncio.sleep(max(0.0, (mono_ns - self._now_ns) / NS_PER_S))

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep time from jumping while the block runs; holds nest."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1

    async def in_thread(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in a worker thread while time stands still."""
        with self.hold():
            return await asyncio.to_thread(function, *args, **kwargs)


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that turns an idle wait into a jump of the virtual clock."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(  # type: ignore[explicit-any]  # SelectorKey.data is Any in the standard library's own types
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Poll real I/O first; jump only when there is none and nobody holds the clock."""
        events = super().select(0)
        if events or timeout == 0:
            return events
        if self._clock.held:
            return super().select(_HOLD_POLL_S)
        if timeout is None:
            return super().select(None)
        self._clock.advance(max(0.0, timeout))
        return events


class _VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose time is a virtual clock's."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_JumpingSelector(clock))
        self._virtual_clock = clock

    def time(self) -> float:
        """Virtual seconds."""
        return self._virtual_clock.now_ns() / NS_PER_S


def run(clock: Clock, main: Coroutine[object, object, T]) -> T:
    """Run `main` on an event loop that keeps the time of `clock`.

    Args:
        clock: a `SystemClock` (asyncio's own loop) or a `VirtualClock` (a loop that jumps).
        main: the coroutine to run to its end.

    Returns:
        What `main` returns.
    """
    factory = partial(_VirtualLoop, clock) if isinstance(clock, VirtualClock) else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
