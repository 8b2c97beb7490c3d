"""Tables and notes that fit the terminal they are shown on."""
import shutil
import textwrap


def width() -> int:
    return max(60, shutil.get_terminal_size((100, 24)).columns)


def show(rows: list) -> None:
    """The first row is the heading. The last column takes what is left and is cut there."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]) - 1)]
    room = width() - sum(widths) - 2 * len(widths)
    for row in rows:
        cells = [str(cell).ljust(size) for cell, size in zip(row, widths)]
        last = str(row[-1])
        cells.append(last if len(last) <= room else last[:max(0, room - 1)] + "…")
        print("  ".join(cells).rstrip(), flush=True)


def note(name: str, reason: str, message: str) -> None:
    """A name with its reason, and below it the whole message, wrapped."""
    print(f"{name}: {reason}")
    print(textwrap.fill(message, width() - 2, initial_indent="  ", subsequent_indent="  "),
          flush=True)
