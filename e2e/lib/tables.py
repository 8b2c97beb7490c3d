"""Tables and lists that fit the terminal they are shown on."""
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


def group(reason: str, message: str, names: list) -> None:
    """A reason, and below it whom it concerns."""
    print(textwrap.fill(f"{reason}: {message}", width(), subsequent_indent="    ",
                        break_on_hyphens=False))
    print(textwrap.fill(", ".join(names), width(), initial_indent="  - ", subsequent_indent="    ",
                        break_on_hyphens=False), flush=True)
