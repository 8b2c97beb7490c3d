"""Words for people."""
import sys


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def markdown(rows: list) -> str:
    """The first row is the head."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)
