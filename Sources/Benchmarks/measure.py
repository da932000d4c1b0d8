"""Whole processes measured from outside, in pairs, and the table of what came out."""

import os
import statistics
import subprocess
import sys
import time
from typing import Callable, NamedTuple, Optional, Sequence


class Cost(NamedTuple):
    """What one process took; `peak` has this program's own size as its floor (getrusage(2), ru_maxrss)."""

    cpu: float
    wall: float
    peak: int

    def __add__(self, other):
        return Cost(self.cpu + other.cpu, self.wall + other.wall, max(self.peak, other.peak))


class Job(NamedTuple):
    """A command, and what has to be done before each run of it, outside the measure."""

    command: Sequence[str]
    prepare: Callable[[], None] = lambda: None


def measure(command: Sequence[str]) -> Cost:
    """Runs a command to its end; a failure ends the benchmark with the command's own words."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    words = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {process.returncode}\n{words.decode(errors='replace')}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)


def run(job: Job) -> Cost:
    job.prepare()
    return measure(job.command)


def rounds(job: Job, count: int) -> list[Cost]:
    return [run(job) for _ in range(count)]


def paired(a: Job, b: Job, count: int) -> tuple[list[Cost], list[Cost]]:
    """A B A B …, so that a busy machine slows both."""
    pairs = [(run(a), run(b)) for _ in range(count)]
    return [first for first, _ in pairs], [second for _, second in pairs]


def spread(values: Sequence[float], form: Callable[[float], str]) -> str:
    """min/median/max."""
    middle = statistics.median(values)
    if len(values) == 1:
        return form(middle) + " n=1"
    return f"{form(min(values))}/{form(middle)}/{form(max(values))}"


def seconds(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def times(value: float) -> str:
    return f"{value:.2f}x" if value < 10 else f"{value:.0f}x"


def mebibytes(value: float) -> str:
    return f"{value / 1048576:.1f} MiB"


class Table:
    """The lines of the result, printed as they come."""

    WIDTHS = (58, 42, 24, 26)

    def __init__(self):
        self.missed = 0
        self._print(["figure", "measured min/median/max", "ratio min/median/max", "target", ""])

    def figure(self, name: str, measured: str, ratio: str, target: str, holds: Optional[bool]):
        """`holds` is None for a figure without a target."""
        self.missed += holds is False
        self._print([name, measured, ratio, target, {True: "PASS", False: "FAIL", None: "-"}[holds]])

    def costs(self, name: str, costs: Sequence[Cost], limit: Optional[float] = None):
        """The CPU of a command against a limit in seconds."""
        values = [cost.cpu for cost in costs]
        target = "" if limit is None else f"<= {seconds(limit)}"
        holds = None if limit is None else statistics.median(values) <= limit
        self.figure(name, spread(values, seconds), "", target, holds)

    def at_most(self, name: str, ours: Sequence[Cost], theirs: Sequence[Cost], limit: Optional[float]):
        """The CPU of a command against another's."""
        ratios = [a.cpu / b.cpu for a, b in zip(ours, theirs)]
        holds = None if limit is None else statistics.median(ratios) <= limit
        self._ratio(name, ours, theirs, ratios, "" if limit is None else f"<= {limit:g}x", holds)

    def at_least(self, name: str, ours: Sequence[Cost], theirs: Sequence[Cost], limit: float):
        ratios = [b.cpu / a.cpu for a, b in zip(ours, theirs)]
        self._ratio(name, ours, theirs, ratios, f">= {limit:g}x", statistics.median(ratios) >= limit)

    def note(self, text: str):
        print(f"  {text}", flush=True)

    def _ratio(self, name, ours, theirs, ratios, target, holds):
        measured = spread([cost.cpu for cost in ours], seconds)
        other = seconds(statistics.median(cost.cpu for cost in theirs))
        self.figure(name, f"{measured} : {other}", spread(ratios, times), target, holds)

    def _print(self, cells: Sequence[str]):
        line = "".join(cell.ljust(width) + " " for cell, width in zip(cells, self.WIDTHS))
        print(line + cells[-1], flush=True)
