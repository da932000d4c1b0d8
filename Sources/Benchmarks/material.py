"""What the benchmark works on: meshes, lists of peers, and the other programs."""

import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent


def call(*command: object) -> str:
    """Runs a command that is not measured; returns its standard output."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        words = "\n".join((result.stdout + result.stderr).splitlines()[:10])
        sys.exit(f"{' '.join(map(str, command))}: status {result.returncode}\n{words}")
    return result.stdout


def public_address(number: int) -> str:
    """The public address of a peer; none is used, all are different."""
    return f"45.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def remove(path: pathlib.Path):
    shutil.rmtree(path, ignore_errors=True)


class Mesh:
    """A full mesh of peers on public addresses in both families, and the operator's identity, below a folder."""

    def __init__(self, hauberk: str, folder: pathlib.Path, count: int, preshared: str):
        self.hauberk = hauberk
        self.count = count
        self.folder = folder
        self.path = folder / "mesh"
        self.out = folder / "out"
        self.peers = folder / "peers.csv"
        folder.mkdir()
        with self.peers.open("w") as file:
            file.write("name,public\n")
            file.writelines(f"peer-{n:05},{public_address(n)}\n" for n in range(1, count + 1))
        call(hauberk, "init", self.path, "--name", "bench")
        declaration = self.path / "mesh.yaml"
        declaration.write_text(declaration.read_text().replace("preshared-keys: pair", f"preshared-keys: {preshared}"))
        self.save("empty")

    def save(self, name: str):
        """Keeps the state of the mesh under a name."""
        remove(self.folder / name)
        shutil.copytree(self.path, self.folder / name)

    def restore(self, name: str):
        remove(self.path)
        shutil.copytree(self.folder / name, self.path)

    def filled(self) -> "Mesh":
        """Adds all peers and keeps the state as `full`."""
        call(*self.add_all)
        self.save("full")
        return self

    @property
    def add_all(self) -> list[str]:
        return self.command("add", "--from", str(self.peers))

    @property
    def render(self) -> list[str]:
        return self.command("render", "--out", str(self.out))

    def command(self, verb: str, *words: str) -> list[str]:
        return [self.hauberk, verb, "--mesh", str(self.path), *words]

    def configuration(self, name: str) -> pathlib.Path:
        return self.out / name / "etc/wireguard/wg0.conf"

    def write_list(self, path: pathlib.Path):
        """The list that mesh.c reads, from `list --json` and a render."""
        remove(self.out)
        call(*self.render)
        rows = json.loads(call(*self.command("list", "--json")))
        head = self._fields(self.configuration(rows[0]["name"]))
        prefixes = [line.split()[4] for line in head["PostUp"]]
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\t".join(["mesh", "bench", head["MTU"][0], *prefixes]) + "\n")
            for row in rows:
                fields = self._fields(self.configuration(row["name"]))
                file.write(
                    "\t".join([
                        row["name"], *row["addresses"], row["endpoints"][0], fields["ListenPort"][0], row["publicKey"],
                        fields["PrivateKey"][0], str(row["epoch"]),
                    ]) + "\n")
        remove(self.out)

    @staticmethod
    def _fields(configuration: pathlib.Path) -> dict[str, list[str]]:
        """The fields of `[Interface]`."""
        fields: dict[str, list[str]] = {}
        with configuration.open() as file:
            for line in file:
                if line == "[Peer]\n":
                    break
                key, found, value = line.rstrip("\n").partition(" = ")
                if found:
                    fields.setdefault(key, []).append(value)
        return fields


def write_meshconf_database(peers: pathlib.Path, database: pathlib.Path):
    """The same peers, addresses and keys as wg-meshconf's database."""
    columns = [
        "Name", "Address", "Endpoint", "AllowedIPs", "ListenPort", "PersistentKeepalive", "FwMark", "PrivateKey",
        "DNS", "MTU", "Table", "PreUp", "PostUp", "PreDown", "PostDown", "SaveConfig",
    ]
    with database.open("w", newline="") as file:
        os.chmod(database, 0o600)
        writer = csv.DictWriter(file, columns, quoting=csv.QUOTE_ALL, restval="")
        writer.writeheader()
        for line in peers.read_text().splitlines()[1:]:
            name, ipv4, ipv6, endpoint, port, _, private, _ = line.split("\t")
            writer.writerow({
                "Name": name, "Address": f"{ipv4}/32,{ipv6}/128", "Endpoint": endpoint, "ListenPort": port,
                "PrivateKey": private,
            })


def install_meshconf(folder: pathlib.Path) -> pathlib.Path:
    """wg-meshconf 2.5.1 in an environment of its own; returns its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin/python3"
    call(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "wg-meshconf==2.5.1")
    return python


def compile_program(folder: pathlib.Path, source: str, *libraries: str) -> str:
    """One of the C programs beside this file; returns the path of the result."""
    program = folder / f"{source}-in-c"
    call("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", HERE / f"{source}.c", "-o", program, *libraries)
    return str(program)
