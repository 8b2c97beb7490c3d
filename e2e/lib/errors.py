"""The one exception that a person is meant to read."""


class FleetError(Exception):
    """Something that the user can act on; the message is complete and needs no traceback."""
