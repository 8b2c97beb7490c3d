"""Reading and checking the evidence of an exit order with nothing but hashes and openssl."""
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

SPKI = bytes.fromhex("302a300506032b6570032100")
ORIGIN = "sha256:" + "0" * 64
NAMESPACE = "bailiwick-system"


def chunks(api, base: str) -> list:
    """The ConfigMaps of a chain, in order."""
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/"
    found, number = [], 1
    while one := api.find(path + (base if number == 1 else f"{base}-{number}")):
        found.append(one)
        number += 1
    return found


def lines(api, base: str) -> list:
    return [line for one in chunks(api, base) for line in one["data"]["records.jsonl"].splitlines()]


def canonical(value) -> str:
    """RFC 8785 of what has ASCII names only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def check(found: list) -> list:
    """The records of a chain; AssertionError where one is not what follows the one before."""
    previous, key, records = ORIGIN, "", []
    for number, line in enumerate(found, 1):
        record = json.loads(line)
        assert canonical(record) == line, f"record {number} is not canonical"
        assert record["number"] == number and record["previous"] == previous, record
        if record["type"] in ("Opened", "KeyRotated"):
            key = record["body"]["publicKey"]
        assert record["key"] == fingerprint(key), record
        signature = record.pop("signature")
        assert verifies(key, canonical(record), signature), f"signature of record {number}"
        previous = "sha256:" + hashlib.sha256(line.encode()).hexdigest()
        records.append(record)
    if records and records[-1]["type"] == "Closed":
        assert records[-1]["body"]["records"] == len(records), records[-1]
    return records


def fingerprint(key: str) -> str:
    return "sha256:" + hashlib.sha256(SPKI + bytes.fromhex(key)).hexdigest()


def verifies(key: str, message: str, signature: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        files = {"key": SPKI + bytes.fromhex(key), "message": message.encode(),
                 "signature": bytes.fromhex(signature)}
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
             f"{folder}/key", "-rawin", "-in", f"{folder}/message", "-sigfile",
             f"{folder}/signature"], capture_output=True, check=False)
        return done.returncode == 0
