"""What our processes cost a region of the fleet while nothing happens."""
import time
from pathlib import Path

from cachebench.contender import cpu_of
from kit import audit, pods
from kit.fleet import Fleet, Served

from .report import markdown, say

# Measured here for the four processes of a known orchestrator: MiB, seconds of CPU and writes per minute.
ASKED = (281, 0.5, 68)
STANDBY = "operator-standby"


def measure(fleet: Fleet, folder: Path, seconds: float) -> str:
    """In fra: two operators, as the chart starts them, of which one leads, and a gateway."""
    served = Served(fleet, "idle", origins=tuple(fleet.regions))
    fra = fleet["fra"]
    gateway = None
    try:
        served.wait_ready({"fra": 2, "zrh": 2})
        fra.start_operator(instance=STANDBY)
        gateway = pods.gateway(fra, folder / "gateway", {}).start()
        say("settling for 20 s")
        time.sleep(20)
        return markdown(table(fra, gateway, seconds))
    finally:
        if gateway:
            gateway.remove()
        fra.stop_operator(instance=STANDBY)
        served.close()


def table(fra, gateway, seconds: float) -> list:
    pids = {"operator, leading": fra.process("operator").pid,
            "operator, standing by": fra.process(STANDBY).pid,
            "gateway": gateway.processes["gateway"].pid}
    mark, began = fra.audit_mark(), time.monotonic()
    before = {name: cpu_of(pid) for name, pid in pids.items()}
    say(f"measuring for {seconds:.0f} s")
    time.sleep(seconds)
    minutes = (time.monotonic() - began) / 60
    cpu = {name: (cpu_of(pid) - before[name]) / minutes for name, pid in pids.items()}
    memory = {name: resident(pid) for name, pid in pids.items()}
    writes = [event for event in audit.of_operator(fra, mark) if event["verb"] in audit.MUTATING]
    leases = sum(audit.resource(event) == "leases" for event in writes) / minutes
    rows = [[name, f"{memory[name]:.1f}", f"{cpu[name]:.2f}", ""] for name in pids]
    rows.append(["together", f"{sum(memory.values()):.1f}", f"{sum(cpu.values()):.2f}",
                 f"{len(writes) / minutes:.0f}, {leases:.0f} of them Leases"])
    rows.append(["a known orchestrator's four", *map(str, ASKED[:2]), f"{ASKED[2]}, 66 of them Leases"])
    return [["at rest", "memory, MiB", "CPU a minute, s", "writes a minute"], *rows]


def resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
