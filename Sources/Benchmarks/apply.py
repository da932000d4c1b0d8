"""One peer more on an interface of 1,000, by `hauberk apply` and by `wg syncconf`, on a host of its own."""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys

from material import HERE, Mesh, call, public_address, remove
from measure import Table, seconds, spread, times

#: As in the firewall's benchmark: nobody's rule names the stranger, so that the others are addresses of their own.
POLICY = """
services: {metrics: {ports: [9125/udp], expose: {all: private}}}
allow: [{from: all except peer-00002, to: all, service: metrics}]
"""
FLOOR = 200


def trees(mesh: Mesh, policy: str) -> list[pathlib.Path]:
    """The first host's tree before a peer comes, and with it."""
    declaration = mesh.path / "mesh.yaml"
    call(*mesh.add_all)
    declaration.write_text(declaration.read_text() + policy)
    found = []
    for name in ("former", "tree"):
        if found:
            call(*mesh.command("add", "newcomer", "--public", public_address(mesh.count + 1)))
        call(*mesh.command("render", "peer-00001", "--out", str(mesh.out)))
        found.append(mesh.folder / name)
        shutil.copytree(mesh.out / "peer-00001", found[-1])
    return found


def measured(hauberk: str, folder: pathlib.Path, policy: str, runs: int) -> list[tuple[float, ...]]:
    """The CPU of whole trees of processes, in each round: `apply` with the process that would put back, the shell's, and
    the least that wg(8) takes."""
    mesh = Mesh(hauberk, folder, 1001, "pair")
    root = folder / "root"
    root.mkdir()
    command = [
        "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
        sys.executable, str(HERE / "apply_host.py"), os.readlink("/proc/self/ns/net"), hauberk, str(runs),
        *map(str, trees(mesh, policy)), str(root),
    ]
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    remove(folder)
    return [tuple(map(float, line.split())) for line in lines]


def apply(hauberk: str, folder: pathlib.Path, table: Table, runs: int):
    if os.geteuid() != 0:
        return table.note("SKIPPED (not root): apply of one peer more against wg syncconf")
    for name, policy in (("", ""), (" and its firewall", POLICY)):
        ours, theirs, least = zip(*measured(hauberk, folder / "apply", policy, max(7, runs)))
        ratios = [b / a for a, b in zip(ours, theirs)]
        table.figure(
            f"apply, 1 peer to 1,000{name} : wg syncconf",
            f"{spread(ours, seconds)} : {seconds(statistics.median(theirs))}", spread(ratios, times), f">= {FLOOR}x",
            statistics.median(ratios) >= FLOOR)
        if not policy:
            limits = [b / a for a, b in zip(least, theirs)]
            table.note(
                f"wg alone, which looks twice and sets the peer: {spread(least, seconds)}, {spread(limits, times)}")
