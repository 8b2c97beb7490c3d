"""Everything that a collection of objects went through, event by event."""
import copy
import http.client
import json
import threading
import time

from lib.api import ApiError


class Recorder:
    """Watches a collection from the moment it is made: `with Recorder(api, path) as seen: …`.

    `events` holds (monotonic time, type, object); `states()` the live objects after each event.
    """

    def __init__(self, api, path: str):
        self._api, self._path = api, path
        listed = api.get(path)
        self.first = {item["metadata"]["uid"]: item for item in listed["items"]}
        self._version = listed["metadata"]["resourceVersion"]
        self.events = []
        self.broken = None
        self._connection, self._stale = None, False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._hang_up()
        self._thread.join(10)

    def anew(self) -> None:
        """What the API server shows from now on is of another etcd: versions say nothing any more."""
        self._stale = True
        self._hang_up()

    def _hang_up(self) -> None:
        connection = self._connection
        if connection is not None and connection.sock is not None:
            try:
                connection.sock.shutdown(2)
            except OSError:
                pass

    def _run(self) -> None:
        while not self._done.is_set():
            try:
                self._stream()
            except (OSError, http.client.HTTPException, ApiError):
                # Also when the API server was killed: it goes on where it was.
                time.sleep(0.1)
            except Exception as error:  # shown by states()
                if not self._done.is_set():
                    self.broken = error
                return

    def _stream(self) -> None:
        if self._stale:
            self._relist()
            self._stale = False
        self._connection = self._api.connection()
        query = f"watch=1&resourceVersion={self._version}&timeoutSeconds=600"
        joint = "&" if "?" in self._path else "?"
        self._connection.request("GET", self._path + joint + query, headers=self._api._headers)
        answer = self._connection.getresponse()
        if answer.status == 410:
            self._relist()
        if answer.status != 200:
            time.sleep(0.1)  # it starts, or has no etcd
            return
        for line in iter(answer.readline, b""):
            if not line.endswith(b"\n"):
                return
            event = json.loads(line)
            if event["type"] == "ERROR":
                assert event["object"]["code"] == 410, event
                self._relist()
                return
            self._version = event["object"]["metadata"]["resourceVersion"]
            self.events.append((time.monotonic(), event["type"], event["object"]))

    def _relist(self) -> None:
        """After an API server's restart: what went on meanwhile is one step."""
        listed = self._api.get(self._path)
        now = {item["metadata"]["uid"]: item for item in listed["items"]}
        gone = [obj for uid, obj in self.last().items() if uid not in now]
        at = time.monotonic()
        self.events += [(at, "MODIFIED", obj) for obj in now.values()]
        self.events += [(at, "DELETED", obj) for obj in gone]
        self._version = listed["metadata"]["resourceVersion"]

    def states(self) -> list:
        """[(time, {uid: object})] after each event, the first one before any."""
        assert self.broken is None, self.broken
        live = copy.copy(self.first)
        result = [(0.0, dict(live))]
        for at, kind, obj in list(self.events):
            take(live, kind, obj)
            result.append((at, dict(live)))
        return result

    def last(self) -> dict:
        """{uid: object} after the last event."""
        assert self.broken is None, self.broken
        live = copy.copy(self.first)
        for _, kind, obj in list(self.events):
            take(live, kind, obj)
        return live

    def of(self, uid: str) -> list:
        """[(time, type, object)] of one object."""
        assert self.broken is None, self.broken
        return [event for event in list(self.events) if event[2]["metadata"]["uid"] == uid]


def take(live: dict, kind: str, obj: dict) -> None:
    if kind == "DELETED":
        live.pop(obj["metadata"]["uid"], None)
    else:
        live[obj["metadata"]["uid"]] = obj


def is_ready(pod: dict) -> bool:
    """Ready, bound and not on its way out: what serves."""
    return "deletionTimestamp" not in pod["metadata"] and any(
        entry["type"] == "Ready" and entry["status"] == "True"
        for entry in pod.get("status", {}).get("conditions", []))


def variant_of(obj: dict) -> str:
    return obj["metadata"].get("labels", {}).get("bailiwick.dev/variant", "")


def ready_units(recorder: Recorder, capacities=None) -> list:
    """[(time, Ready capacity units)] after each event, by the variants' capacities (default 1)."""
    result = []
    for at, live in recorder.states():
        units = sum((capacities or {}).get(variant_of(pod), 1.0)
                    for pod in live.values() if is_ready(pod))
        result.append((at, units))
    return result


def most_alive(recorder: Recorder) -> int:
    """The most pods that were there at once, those on their way out not counted."""
    return max(sum("deletionTimestamp" not in pod["metadata"] for pod in live.values())
               for _, live in recorder.states())


def first_reached(units: list, wanted: float) -> int:
    return next(i for i, (_, ready) in enumerate(units) if ready >= wanted)


def never_below(recorder: Recorder, wanted: float, capacities=None) -> None:
    """Once so many units were Ready, there were so many at every revision."""
    units = ready_units(recorder, capacities)
    fewest = min(ready for _, ready in units[first_reached(units, wanted):])
    assert fewest >= wanted, f"only {fewest} of {wanted} units were Ready at one time"
