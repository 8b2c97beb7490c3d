"""The same work for several names at once."""
import threading
from typing import Callable

from .errors import FleetError


def in_parallel(names: list, work: Callable, complain: Callable) -> list:
    """Runs `work(name)` for each at once; tells `complain` what went wrong and returns the names
    that failed."""
    good = set()

    def guarded(name) -> None:
        try:
            work(name)
            good.add(name)
        except (FleetError, OSError) as error:
            complain(str(error))

    # Daemons, so that an interrupted program ends at once.
    threads = [threading.Thread(target=guarded, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [name for name in names if name not in good]
