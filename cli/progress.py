"""Progress bars with time left, on a terminal; silence elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.context import beside


@contextmanager
def waiting_progress(
    quiet: bool = False, label: str = "识别", unit: str = "页"
) -> Iterator[Callable[[int, int], None]]:
    """A bar over pages (or what `unit` says); call what it gives with how many are done and how many there are."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeElapsedColumn(),
        TextColumn("剩余"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=beside, disable=quiet or not beside.is_terminal) as progress:
        task = progress.add_task(label, total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total or None)

        yield show
