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
    """A reason in one line, cut where the line ends, and below it, wrapped, whom it concerns."""
    line = f"{reason}: {message}"
    print(line if len(line) <= width() else line[:width() - 1] + "…")
    print(textwrap.fill(", ".join(names), width() - 2, initial_indent="  ", subsequent_indent="  ",
                        break_on_hyphens=False), flush=True)
