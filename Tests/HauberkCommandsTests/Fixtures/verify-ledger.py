"""Verifies a mesh's ledger with nothing of Hauberk: python3 verify-ledger.py FOLDER

Prints the number of lines, or says what is wrong and ends with 1. Ed25519 is that of RFC 8032, section 5.1.
"""
import base64, hashlib, sys

p = 2**255 - 19
q = 2**252 + 27742317777372353535851937790883648493
d = -121665 * pow(121666, p - 2, p) % p


def recover(y, sign):
    x2 = (y * y - 1) * pow(d * y * y + 1, p - 2, p) % p
    x = pow(x2, (p + 3) // 8, p)
    if (x * x - x2) % p:
        x = x * pow(2, (p - 1) // 4, p) % p
    assert (x * x - x2) % p == 0
    return p - x if x & 1 != sign else x


def add(a, b):
    A, B = (a[1] - a[0]) * (b[1] - b[0]) % p, (a[1] + a[0]) * (b[1] + b[0]) % p
    C, D = 2 * a[3] * b[3] * d % p, 2 * a[2] * b[2] % p
    E, F, G, H = B - A, D - C, D + C, B + A
    return (E * F % p, G * H % p, F * G % p, E * H % p)


def times(s, a):
    r = (0, 1, 1, 0)
    while s:
        if s & 1:
            r = add(r, a)
        a, s = add(a, a), s >> 1
    return r


def point(octets):
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x = recover(y, sign)
    return (x, y, 1, x * y % p)


base_y = 4 * pow(5, p - 2, p) % p
base_x = recover(base_y, 0)
base = (base_x, base_y, 1, base_x * base_y % p)


def signed(key, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= q:
        return False
    h = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % q
    a, b = times(s, base), add(point(r), times(h, point(key)))
    return (a[0] * b[2] - b[0] * a[2]) % p == 0 and (a[1] * b[2] - b[1] * a[2]) % p == 0


def decode(text):
    return base64.b64decode(text + "==", altchars="-_")


def digest(octets, size=32):
    return hashlib.blake2b(octets, digest_size=size).hexdigest()


def main(folder):
    text = open(folder + "/mesh.ledger", "rb").read()
    lock = open(folder + "/mesh.lock").read().split("\n")
    rows = text.split(b"\n")
    assert rows.pop() == b"", "the last line is cut short"
    assert rows[0] == b"hauberk-ledger 1" and rows[1].startswith(b"mesh "), "header"
    former = digest(rows[0] + b"\n" + rows[1] + b"\n")
    operators = {}
    for number, row in enumerate(rows[2:], 1):
        fields = row.decode().split(" ")
        name, event = fields[2], fields[4:-2]
        assert fields[0] == str(number), f"line {number}: its number"
        assert fields[-2] == former, f"line {number}: the digest of the line before"
        if number == 1:
            assert event[0] == "genesis", "genesis"
            operators[name] = decode(event[1].split(":")[1])
        key = operators[name]
        assert fields[3] == digest(key, 16), f"line {number}: fingerprint"
        body = b"hauberk-ledger-line 1\n" + rows[1] + b"\n" + row.rsplit(b" ", 1)[0]
        assert signed(key[32:], body, decode(fields[-1])), f"line {number}: signature"
        if event[0] == "operator-added":
            operators[event[1]] = decode(event[2].split(":")[1])
        if event[0] == "operator-removed":
            del operators[event[1]]
        former = digest(row + b"\n")
    assert f"ledger {len(rows) - 2} {former}" in lock, "the end is not that of mesh.lock"
    print(len(rows) - 2)


try:
    main(sys.argv[1])
except (AssertionError, KeyError, ValueError) as wrong:
    sys.exit(f"wrong: {wrong}")
