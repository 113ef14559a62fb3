"""A delay line between two TAP devices: every packet waits half of the round trip, so the whole of TCP is delayed.

Stands in for netem, which not every kernel has. Order is kept, nothing is lost below the limit of the queue.
Run as `delay.py LEFT RIGHT MILLISECONDS`; ends with its standard input.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
_PACKET = 65_536
_LONGEST_QUEUE = 20_000
"""Packets; at 1,500 bytes each 30 MB. What does not fit is dropped, as by any router."""


def _tap(name: str) -> int:
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TAP | _IFF_NO_PI))
    return tap


def _drain(tap: int) -> list[bytes]:
    packets = []
    try:
        while len(packets) < _LONGEST_QUEUE:
            packets.append(os.read(tap, _PACKET))
    except BlockingIOError:
        pass
    return packets


def _relay(left: int, right: int, seconds: float) -> None:
    other = {left: right, right: left}
    queue: deque[tuple[float, int, bytes]] = deque()
    while True:
        wait = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        ready, _, _ = select.select([left, right, sys.stdin], [], [], wait)
        if sys.stdin in ready:
            return
        due = time.monotonic() + seconds
        for tap in ready:
            queue.extend((due, other[tap], packet) for packet in _drain(tap) if len(queue) < _LONGEST_QUEUE)
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            _, tap, packet = queue.popleft()
            try:
                os.write(tap, packet)
            except OSError:
                continue  # the device is not up yet, or full: the packet is lost, as on a wire


def main() -> None:
    """Create both devices, say so, and relay until standard input ends."""
    left, right = _tap(sys.argv[1]), _tap(sys.argv[2])
    print("ready", flush=True)
    _relay(left, right, float(sys.argv[3]) / 2000)


if __name__ == "__main__":
    main()
