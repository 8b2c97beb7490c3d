"""Waiting for what a distributed system does in its own time."""
import time

from lib.errors import FleetError

# Long, because a loaded machine is slow and a case that passes never waits this long.
PATIENCE = 120.0


def eventually(check, what: str, timeout: float = PATIENCE, every: float = 0.1):
    """The first true value of `check()`. While it raises AssertionError, finds not what it looks for
    or the API cannot be asked, it counts as not yet; what it said last is in the failure's message."""
    end = time.monotonic() + timeout
    while True:
        said = ""
        try:
            value = check()
            if value:
                return value
            said = f"last value: {value!r}"
        except (AssertionError, FleetError, OSError, LookupError,
                StopIteration) as error:
            said = f"{type(error).__name__}: {error}"
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {timeout:.0f} s; {said[:2000]}")
        time.sleep(every)


def holds(check, seconds: float, every: float = 0.2) -> None:
    """Fails as soon as `check()` raises AssertionError during the next seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check()
        time.sleep(every)
