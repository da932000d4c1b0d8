// What `hauberk render` does for a full mesh of Linux hosts, as a C program: the limit that its speed is held to.
//
//   mesh render LIST DIR off|pair    writes DIR/<peer>/etc/wireguard/wg0.conf for every peer of the list
//   mesh keys COUNT                  generates key pairs and prints the public ones
//
// LIST is a line `mesh NAME MTU IPV4-PREFIX IPV6-PREFIX` and one line a peer, `NAME IPV4 IPV6 ENDPOINT PORT PUBLIC-KEY
// PRIVATE-KEY EPOCH`, in the order of the sections, fields parted by tabs. Without preshared keys the files are
// Hauberk's byte for byte. With them the keys are derived as in Sources/Keys/PresharedKeyDerivation.swift, but from a
// random secret, so that only they differ.
//
// How it is fast: all sections are one text, a file is its head and that text without its own section (writev, no
// copy); a pair's key is hashed once while memory allows; public keys go through a table. Secrets go through libsodium
// in constant time.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    KEY = 32,
    KEY_TEXT = 44,
    FIELDS = 8,
    PRESHARED_EPOCH = 1,
    PAIR_MEMORY = 128 << 20,
};

struct peer {
    const char *name, *ipv4, *ipv6, *endpoint, *port;
    uint64_t epoch;
    unsigned char public_key[KEY];
    unsigned char *private_key;
    size_t start;  // of its section in the text
    size_t hole;   // where its preshared key belongs
};

struct mesh {
    const char *name, *mtu, *prefix4, *prefix6;
    struct peer *peers;
    size_t count;
    unsigned char *private_keys;
    char *text;
    size_t size;
    unsigned char *secret;  // of the preshared keys; NULL without them
    char *pairs;            // row j holds the keys of (0, j) … (j - 1, j); NULL when that is too much memory
};

static void die(const char *what) {
    fprintf(stderr, "mesh: %s: %s\n", what, errno ? strerror(errno) : "malformed");
    exit(1);
}

static void *allocate(size_t size) {
    void *memory = malloc(size);
    if (!memory) die("memory");
    return memory;
}

// Reading the list

static char *read_all(const char *path, size_t *size) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) < 0) die(path);
    char *text = allocate(status.st_size + 1);
    for (*size = 0; *size < (size_t)status.st_size;) {
        ssize_t count = read(file, text + *size, status.st_size - *size);
        if (count <= 0) die(path);
        *size += count;
    }
    close(file);
    text[*size] = 0;
    return text;
}

// Parts a line in place; returns the next one.
static char *part(char *line, const char **fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fields[i] = line;
        line += strcspn(line, "\t\n");
        if (*line != (i + 1 < count ? '\t' : '\n')) die("the list");
        *line++ = 0;
    }
    return line;
}

static void decode_key(unsigned char *key, const char *text) {
    size_t size;
    if (sodium_base642bin(key, KEY, text, strlen(text), NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) < 0
        || size != KEY)
        die("a key");
}

static void read_list(struct mesh *mesh, const char *path) {
    size_t size, lines = 0;
    char *text = read_all(path, &size);
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    if (lines < 2) die("the list");
    const char *fields[FIELDS];
    char *next = part(text, fields, 5);
    mesh->name = fields[1], mesh->mtu = fields[2], mesh->prefix4 = fields[3], mesh->prefix6 = fields[4];
    mesh->count = lines - 1;
    mesh->peers = allocate(mesh->count * sizeof *mesh->peers);
    mesh->private_keys = sodium_malloc(mesh->count * KEY);
    if (!mesh->private_keys) die("memory");
    for (size_t i = 0; i < mesh->count; i++) {
        next = part(next, fields, FIELDS);
        struct peer *peer = &mesh->peers[i];
        *peer = (struct peer){
            .name = fields[0], .ipv4 = fields[1], .ipv6 = fields[2], .endpoint = fields[3], .port = fields[4],
            .epoch = strtoull(fields[7], NULL, 10), .private_key = mesh->private_keys + i * KEY,
        };
        decode_key(peer->public_key, fields[5]);
        decode_key(peer->private_key, fields[6]);
        sodium_memzero((char *)fields[6], KEY_TEXT);
    }
}

// The sections

static char *append(char *to, const char *text) { return stpcpy(to, text); }

// Not in constant time: for public keys.
static char *append_public_key(char *to, const unsigned char *key) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 30; i += 3) {
        uint32_t word = key[i] << 16 | key[i + 1] << 8 | key[i + 2];
        *to++ = letters[word >> 18], *to++ = letters[word >> 12 & 63];
        *to++ = letters[word >> 6 & 63], *to++ = letters[word & 63];
    }
    uint32_t word = key[30] << 10 | key[31] << 2;
    *to++ = letters[word >> 12], *to++ = letters[word >> 6 & 63], *to++ = letters[word & 63], *to++ = '=';
    return to;
}

static char *append_section(char *to, struct mesh *mesh, struct peer *peer) {
    peer->start = to - mesh->text;
    to += sprintf(to, "\n[Peer]\n# %s, key %llu\nPublicKey = ", peer->name, (unsigned long long)peer->epoch);
    to = append_public_key(to, peer->public_key);
    if (mesh->secret) {
        to = append(to, "\nPresharedKey = ");
        peer->hole = to - mesh->text;
        memset(to, '*', KEY_TEXT);
        to += KEY_TEXT;
    }
    return to
        + sprintf(
               to, "\nAllowedIPs = %s/32, %s/128\nEndpoint = %s:%s\n", peer->ipv4, peer->ipv6, peer->endpoint,
               peer->port);
}

static void make_text(struct mesh *mesh) {
    size_t size = 1;
    for (size_t i = 0; i < mesh->count; i++) {
        struct peer *peer = &mesh->peers[i];
        size += 192 + strlen(peer->name) + strlen(peer->ipv4) + strlen(peer->ipv6) + strlen(peer->endpoint);
    }
    char *end = mesh->text = allocate(size);
    for (size_t i = 0; i < mesh->count; i++) end = append_section(end, mesh, &mesh->peers[i]);
    mesh->size = end - mesh->text;
}

// The preshared keys

static void derive(char *text, const struct mesh *mesh, const struct peer *a, const struct peer *b) {
    if (memcmp(b->public_key, a->public_key, KEY) < 0) {
        const struct peer *other = a;
        a = b, b = other;
    }
    struct {
        char tag[16];
        uint64_t preshared_epoch;
        unsigned char first[KEY];
        uint64_t first_epoch;
        unsigned char second[KEY];
        uint64_t second_epoch;
    } message = {.preshared_epoch = PRESHARED_EPOCH, .first_epoch = a->epoch, .second_epoch = b->epoch};
    memcpy(message.tag, "hauberk-psk-pair", 16);
    memcpy(message.first, a->public_key, KEY);
    memcpy(message.second, b->public_key, KEY);
    unsigned char key[KEY];
    char whole[KEY_TEXT + 1];
    crypto_generichash(key, KEY, (unsigned char *)&message, sizeof message, mesh->secret, KEY);
    sodium_bin2base64(whole, sizeof whole, key, KEY, sodium_base64_VARIANT_ORIGINAL);
    memcpy(text, whole, KEY_TEXT);
    sodium_memzero(key, KEY);
    sodium_memzero(whole, sizeof whole);
}

static size_t pair_bytes(const struct mesh *mesh) { return mesh->count * (mesh->count - 1) / 2 * KEY_TEXT; }

static char *pair_row(const struct mesh *mesh, size_t j) { return mesh->pairs + j * (j - 1) / 2 * KEY_TEXT; }

// Puts the keys of a host into the text.
static void fill_holes(struct mesh *mesh, size_t host) {
    const struct peer *own = &mesh->peers[host];
    for (size_t i = 0; i < host; i++) {
        char *hole = mesh->text + mesh->peers[i].hole;
        if (mesh->pairs)
            memcpy(hole, pair_row(mesh, host) + i * KEY_TEXT, KEY_TEXT);
        else
            derive(hole, mesh, own, &mesh->peers[i]);
    }
    for (size_t j = host + 1; j < mesh->count; j++) {
        char *hole = mesh->text + mesh->peers[j].hole;
        derive(hole, mesh, own, &mesh->peers[j]);
        if (mesh->pairs) memcpy(pair_row(mesh, j) + host * KEY_TEXT, hole, KEY_TEXT);
    }
}

// The files

static int make_head(char *to, size_t size, const struct mesh *mesh, const struct peer *peer) {
    char key[KEY_TEXT + 1];
    sodium_bin2base64(key, sizeof key, peer->private_key, KEY, sodium_base64_VARIANT_ORIGINAL);
    int count = snprintf(
        to, size,
        "# %s, key %llu, in the mesh %s, written by hauberk: edit mesh.yaml, not this file\n[Interface]\n"
        "PrivateKey = %s\nAddress = %s/32, %s/128\nListenPort = %s\nMTU = %s\nTable = off\n"
        "PostUp = ip -4 route replace %s dev %%i\nPostUp = ip -6 route replace %s dev %%i\n",
        peer->name, (unsigned long long)peer->epoch, mesh->name, key, peer->ipv4, peer->ipv6, peer->port,
        mesh->mtu, mesh->prefix4, mesh->prefix6);
    sodium_memzero(key, sizeof key);
    if (count < 0 || (size_t)count >= size) die("the head of a file");
    return count;
}

static void write_pieces(int file, struct iovec *pieces, int count) {
    while (count > 0) {
        ssize_t written = writev(file, pieces, count);
        if (written < 0) die("write");
        for (; count > 0 && (size_t)written >= pieces->iov_len; count--) written -= pieces++->iov_len;
        if (count > 0) {
            pieces->iov_base = (char *)pieces->iov_base + written;
            pieces->iov_len -= written;
        }
    }
}

static int create(const char *root, const char *peer) {
    static const char *const folders[] = {"", "/etc", "/etc/wireguard"};
    char path[PATH_MAX];
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s%s", root, peer, folders[i]);
        if (mkdir(path, 0700) < 0) die(path);
    }
    snprintf(path, sizeof path, "%s/%s/etc/wireguard/wg0.conf", root, peer);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) die(path);
    return file;
}

static void write_files(struct mesh *mesh, const char *root) {
    char head[4096];
    if (mkdir(root, 0700) < 0) die(root);
    for (size_t i = 0; i < mesh->count; i++) {
        struct peer *peer = &mesh->peers[i];
        if (mesh->secret) fill_holes(mesh, i);
        size_t end = i + 1 < mesh->count ? peer[1].start : mesh->size;
        struct iovec pieces[] = {
            {head, make_head(head, sizeof head, mesh, peer)},
            {mesh->text, peer->start},
            {mesh->text + end, mesh->size - end},
        };
        int file = create(root, peer->name);
        write_pieces(file, pieces, 3);
        if (close(file) < 0) die("close");
    }
    sodium_memzero(head, sizeof head);
}

static void render(const char *list, const char *root, int has_preshared_keys) {
    struct mesh mesh = {0};
    read_list(&mesh, list);
    if (has_preshared_keys) {
        mesh.secret = sodium_malloc(KEY);
        if (!mesh.secret) die("memory");
        randombytes_buf(mesh.secret, KEY);
        if (pair_bytes(&mesh) <= PAIR_MEMORY) mesh.pairs = allocate(pair_bytes(&mesh));
    }
    make_text(&mesh);
    write_files(&mesh, root);
    if (mesh.secret) sodium_memzero(mesh.text, mesh.size);
    if (mesh.pairs) sodium_memzero(mesh.pairs, pair_bytes(&mesh));
    sodium_free(mesh.private_keys);
    sodium_free(mesh.secret);
}

static void generate(size_t count) {
    unsigned char *private_keys = sodium_malloc(count * KEY), public_key[KEY];
    char text[KEY_TEXT + 1] = {0};
    if (!private_keys) die("memory");
    randombytes_buf(private_keys, count * KEY);
    for (size_t i = 0; i < count; i++) {
        crypto_scalarmult_curve25519_base(public_key, private_keys + i * KEY);
        append_public_key(text, public_key);
        puts(text);
    }
    sodium_free(private_keys);
}

int main(int count, char **words) {
    if (sodium_init() < 0) die("libsodium");
    if (count == 5 && !strcmp(words[1], "render") && (!strcmp(words[4], "off") || !strcmp(words[4], "pair"))) {
        render(words[2], words[3], !strcmp(words[4], "pair"));
    } else if (count == 3 && !strcmp(words[1], "keys")) {
        generate(strtoull(words[2], NULL, 10));
    } else {
        fputs("usage: mesh render LIST DIR off|pair\n       mesh keys COUNT\n", stderr);
        return 64;
    }
    return 0;
}
