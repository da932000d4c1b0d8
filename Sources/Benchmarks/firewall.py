"""The firewall of a host in a large mesh, against one nft rule for each peer of the same policy."""

import json
import os
import pathlib
import statistics
import subprocess
import sys

from material import HERE, Mesh, call, compile_program, public_address, remove
from measure import Job, Table, paired, seconds, spread, times

PORT = 9125
#: Nobody's rules name it: everybody else is then an address of his own, and not a part of the mesh's prefix.
STRANGER = "peer-00002"
POLICY = f"""
services: {{metrics: {{ports: [{PORT}/udp], expose: {{all: private}}}}}}
allow: [{{from: all except {STRANGER}, to: all, service: metrics}}]
"""


class FirewallBench:
    """Everything is loaded in network namespaces of its own. One rule a peer needs root all the same: nft sends it at
    once, and without root a socket's buffer is too small for that (net.core.wmem_max)."""

    def __init__(self, hauberk: str, folder: pathlib.Path, count: int, table: Table, runs: int):
        self.table = table
        self.runs = runs
        self.count = count
        self.sender = compile_program(folder, "packets")
        mesh = Mesh(hauberk, folder / "firewall", count, "off")
        # Not side by side, as public addresses seldom are.
        mesh.peers.write_text("name,public\n" + "".join(
            f"peer-{n:05},{public_address(7 * n)}\n" for n in range(1, count + 1)))
        declaration = mesh.path / "mesh.yaml"
        call(*mesh.add_all)
        declaration.write_text(declaration.read_text() + POLICY)
        self.peers = json.loads(call(*mesh.command("list", "--json")))
        self.host = self.peers[0]
        call(*mesh.command("render", self.host["name"], "--out", str(mesh.out)))
        self.ours = mesh.out / self.host["name"] / "etc/hauberk/wg0/rules.nft"
        self.linear = folder / "linear.nft"
        self.linear.write_text(self.one_rule_a_peer())
        self.none = folder / "none.nft"
        self.none.write_text("table inet none {\n}\n")

    def one_rule_a_peer(self) -> str:
        """The same policy as most people write it down: who may come in, WireGuard by endpoint, and the guard."""
        tunnel, wire, out = [], [], []
        for peer in self.peers:
            if peer is self.host:
                continue
            if peer["name"] != STRANGER:
                for address in peer["addresses"]:
                    family = "ip6" if ":" in address else "ip"
                    tunnel.append(f"{family} saddr {address} udp dport {PORT} accept")
            public = peer["endpoints"][0]
            wire.append(f"ip saddr {public} udp dport 51820 accept")
            out.append(f"ip daddr {public} udp sport != 51820 reject")
        # The peers' IPv4 addresses first, so that a packet passes one rule of each peer and not two.
        tunnel.sort(key=lambda rule: rule.startswith("ip6"))
        return "\n".join([
            "table inet linear", "delete table inet linear", "table inet linear {",
            "chain input {", "type filter hook input priority filter - 5; policy drop;", 'iif "lo" accept',
            "ct state invalid drop", "ct state established ct direction reply accept", "ct state related accept",
            'iifname "wg0" goto tunnel', *wire, "}",
            "chain tunnel {", *tunnel, "drop", "}",
            "chain output {", "type filter hook output priority filter - 5; policy accept;", 'oif "lo" accept',
            'oifname "wg0" accept', *out, "}", "}", "",
        ])

    def all(self):
        self.load()
        self.packets()

    def load(self):
        jobs = [Job(["unshare", "--net", "nft", "-f", str(file)]) for file in (self.ours, self.linear)]
        ours, theirs = paired(*jobs, self.runs)
        name = f"nft -f, {self.count:,} peers : one rule a peer"
        self.table.at_least(name, ours, theirs, 5)
        ratios = [b.wall / a.wall for a, b in zip(ours, theirs)]
        walls = [cost.wall for cost in ours]
        self.table.figure(
            "  wall", f"{spread(walls, seconds)} : {seconds(statistics.median(cost.wall for cost in theirs))}",
            spread(ratios, times), ">= 5x", statistics.median(ratios) >= 5)
        # As a host does it: the sets, then the rules, put together by a script.
        script = Job(["unshare", "--net", str(self.ours.with_name("firewall")), "load"])
        ours, theirs = paired(script, jobs[1], self.runs)
        self.table.at_least(f"firewall load, {self.count:,} peers : one rule a peer", ours, theirs, 5)

    def packets(self):
        """From the last peer of the list, so that one rule a peer means all rules."""
        addresses = [next(a for a in peer["addresses"] if ":" not in a) for peer in (self.peers[-1], self.host)]
        command = [
            "unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
            str(HERE / "packet-rate"), os.readlink("/proc/self/ns/net"), self.sender, str(self.runs), "2", str(PORT),
            *addresses, str(self.ours), str(self.linear), str(self.none),
        ]
        lines = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
        rates: list[list[float]] = [[], [], []]
        for number, rate in map(str.split, lines):
            if rate != "-":
                rates[int(number)].append(float(rate))
            elif number != "2":
                sys.exit(f"rule set {number} lets through a port that nobody allows")
        ours, theirs, none = rates
        if min(map(min, rates)) == 0:
            sys.exit(f"a rule set lets nothing through: {rates}")
        ratios = [a / b for a, b in zip(ours, theirs)]
        self.table.figure(
            f"packets a second, {self.count:,} peers : one rule a peer",
            f"{spread(ours, rounded)} : {rounded(statistics.median(theirs))}", spread(ratios, times), ">= 15x",
            statistics.median(ratios) >= 15)
        shares = [a / b for a, b in zip(ours, none)]
        self.table.figure(
            "  : no rules", f"{spread(ours, rounded)} : {rounded(statistics.median(none))}", spread(shares, times), "",
            None)


def rounded(value: float) -> str:
    return f"{value:,.0f}"


def firewall(hauberk: str, folder: pathlib.Path, table: Table, runs: int):
    if os.geteuid() != 0:
        return table.note("SKIPPED (not root): the firewall of 5,000 peers against one rule a peer")
    place = folder / "firewalls"
    place.mkdir()
    FirewallBench(hauberk, place, 5000, table, runs).all()
    remove(place)
