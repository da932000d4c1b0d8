#!/usr/bin/env python3
"""Prints what `hauberk apply` and `wg syncconf` take to add one peer, in turn: a line of CPU seconds for each round. The
third number is the least that the tools take: to look at the interface before and afterwards, and to set the peer.

    apply_host.py OUR-NAMESPACE HAUBERK ROUNDS FORMER-TREE TREE ROOT

For `unshare --net --mount --pid --fork --kill-child --mount-proc`: never in the machine's own namespaces, whose link is
given first. The trees are one host's, before the peer came and with it; the host's files are below ROOT. The interface is
wireguard-go's, whose own work counts for neither side.
"""

import ctypes
import os
import resource
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36
CONFIGURATION = "etc/wireguard/wg0.conf"


def tree_cpu(command: list[str]) -> float:
    """The CPU of a command and of all that it has left behind by the time that the last of it ends (prctl(2))."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            os._exit(2)
        with open(os.devnull, "r+") as null:
            process = subprocess.Popen(command, stdin=null, stdout=null, stderr=subprocess.PIPE)
        words = process.stderr.read()
        code = process.wait()
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(into, f"{code} {usage.ru_utime + usage.ru_stime} ".encode() + words[-2000:])
        os._exit(0)
    os.close(into)
    with os.fdopen(out, errors="replace") as answer:
        code, cpu, words = answer.read().split(" ", 2)
    os.waitpid(child, 0)
    if code != "0":
        sys.exit(f"{' '.join(command)}: status {code}\n{words}")
    return float(cpu)


class Host:
    def __init__(self, hauberk: str, former: str, tree: str, root: str):
        self.hauberk, self.former, self.tree, self.root = hauberk, former, tree, root
        self.counts = [self.sections(former), self.sections(tree)]
        if self.counts[1] != self.counts[0] + 1:
            sys.exit(f"the trees have {self.counts} peers")
        self.strip = ["bash", "-c", 'wg syncconf wg0 <(wg-quick strip "$0")', f"{tree}/{CONFIGURATION}"]
        self.apply = [hauberk, "apply", tree, "--root", root, "--confirm-within", "0"]
        self.back()

    @staticmethod
    def sections(tree: str) -> int:
        with open(f"{tree}/{CONFIGURATION}") as file:
            return sum(line == "[Peer]\n" for line in file)

    def peers(self) -> int:
        return len(subprocess.run(["wg", "show", "wg0", "peers"], stdout=subprocess.PIPE, check=True).stdout.split())

    def back(self):
        """The host without the peer."""
        command = [self.hauberk, "apply", self.former, "--root", self.root]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        self.require(0)

    def require(self, state: int):
        if self.peers() != self.counts[state]:
            sys.exit(f"the interface has {self.peers()} peers, not {self.counts[state]}")

    def cost(self, *commands: list[str]) -> float:
        self.back()
        cpu = sum(tree_cpu(command) for command in commands)
        self.require(1)
        return cpu

    def newcomer(self, file: str) -> str:
        """Writes the section of the peer that comes into a file, which is its path afterwards."""
        sections = []
        for tree in (self.former, self.tree):
            with open(f"{tree}/{CONFIGURATION}") as source:
                sections.append(set(source.read().split("[Peer]\n")[1:]))
        (new,) = {section.strip() for section in sections[1]} - {section.strip() for section in sections[0]}
        with open(file, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            out.write(f"[Peer]\n{new}\n")
        return file


def main():
    network, hauberk, rounds, *trees = sys.argv[1:]
    if os.readlink("/proc/self/ns/net") == network:
        sys.exit("not in a network namespace of its own")
    subprocess.run("mkdir -p /run/wireguard && mount -t tmpfs none /run/wireguard && ip link set lo up",
                   shell=True, check=True)
    os.environ["WG_QUICK_USERSPACE_IMPLEMENTATION"] = "wireguard-go"
    host = Host(hauberk, *trees)
    look = ["wg", "show", "wg0", "dump"]
    change = ["wg", "addconf", "wg0", host.newcomer(f"{host.root}/newcomer.conf")]
    for _ in range(int(rounds)):
        print(host.cost(host.apply), host.cost(host.strip), host.cost(look, change, look), flush=True)


main()
