"""Processes whose clock is wrong."""
import contextlib
import glob
import os

LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


def clock(what: str) -> dict:
    """An environment in which the wall clock is that of libfaketime, and the monotonic one true."""
    library, = glob.glob(LIBRARY)
    return {**os.environ, "LD_PRELOAD": library, "FAKETIME": what,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@contextlib.contextmanager
def environment(values: dict):
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
