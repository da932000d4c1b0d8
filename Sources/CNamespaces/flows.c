#define _GNU_SOURCE
#include "flows.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static int on = 1;

static int keep(int fd, int result) {
    if (result == 0) return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

int lab_listen(int type, uint16_t port) {
    int fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int off = 0, room = 1 << 22;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int result = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (type == SOCK_STREAM) {
        result |= setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    } else {
        result |= setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    if (result == 0) result = bind(fd, (struct sockaddr *)&any, sizeof any);
    if (result == 0 && type == SOCK_STREAM) result = listen(fd, 4096);
    return keep(fd, result);
}

int lab_accept(int fd, uint8_t *from) {
    struct sockaddr_in6 peer = {0};
    socklen_t length = sizeof peer;
    int connection = accept4(fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) return -1;
    struct linger now = {1, 0};
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    memcpy(from, &peer.sin6_addr, 16);
    return connection;
}

ssize_t lab_take(int fd, void *buffer, size_t size, struct sockaddr_storage *sender, uint8_t *from, uint8_t *to) {
    union { char bytes[256]; struct cmsghdr align; } control;
    struct iovec part = {buffer, size};
    struct msghdr message = {sender, sizeof *sender, &part, 1, control.bytes, sizeof control.bytes, 0};
    ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT);
    if (count < 0) return -1;
    memcpy(from, &((struct sockaddr_in6 *)sender)->sin6_addr, 16);
    memset(to, 0, 16);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO) continue;
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        memcpy(to, &info.ipi6_addr, 16);
    }
    return count;
}

ssize_t lab_answer(int fd, const void *buffer, size_t size, const struct sockaddr_storage *to, const uint8_t *from) {
    union { char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))]; struct cmsghdr align; } control;
    memset(&control, 0, sizeof control);
    struct iovec part = {(void *)buffer, size};
    struct msghdr message = {(void *)to, sizeof(struct sockaddr_in6), &part, 1, control.bytes, sizeof control.bytes, 0};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo));
    struct in6_pktinfo info = {0};
    memcpy(&info.ipi6_addr, from, 16);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int forge(int fd, int family) {
    if (family == AF_INET) return setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on);
    return setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof on);
}

int lab_ask(enum lab_kind kind, const struct sockaddr *source, const struct sockaddr *target, socklen_t length) {
    int family = source->sa_family;
    int type = kind == LAB_TCP ? SOCK_STREAM : SOCK_DGRAM;
    int protocol = kind != LAB_ECHO ? 0 : family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) return -1;
    struct linger now = {1, 0};
    if (kind == LAB_TCP) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    int result = kind == LAB_FORGED ? forge(fd, family) : 0;
    if (result == 0) result = bind(fd, source, length);
    if (result == 0) result = connect(fd, target, length);
    if (result != 0 && errno == EINPROGRESS) result = 0;
    return keep(fd, result);
}

ssize_t lab_send_question(int fd, enum lab_kind kind, int family, const void *buffer, size_t size) {
    if (kind != LAB_ECHO) return send(fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    unsigned char packet[512] = {family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST};
    if (size > sizeof packet - 8) size = sizeof packet - 8;
    memcpy(packet + 8, buffer, size);
    return send(fd, packet, size + 8, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t lab_reply(int fd, enum lab_kind kind, void *buffer, size_t size) {
    if (kind != LAB_ECHO) return recv(fd, buffer, size, MSG_DONTWAIT);
    unsigned char packet[520];
    ssize_t count = recv(fd, packet, sizeof packet, MSG_DONTWAIT);
    if (count < 8) return count < 0 ? -1 : 0;
    if ((size_t)count - 8 < size) size = (size_t)count - 8;
    memcpy(buffer, packet + 8, size);
    return (ssize_t)size;
}

int lab_socket_error(int fd) {
    int code = 0;
    socklen_t length = sizeof code;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno;
}

int lab_events(void) { return epoll_create1(EPOLL_CLOEXEC); }

int lab_watch(int events, int fd, uint64_t word, int writing, int again) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.u64 = word};
    return epoll_ctl(events, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

int lab_news(int events, uint64_t *words, int *states, int limit, int milliseconds) {
    struct epoll_event news[256];
    int count = epoll_wait(events, news, limit < 256 ? limit : 256, milliseconds);
    for (int i = 0; i < count; i++) {
        words[i] = news[i].data.u64;
        states[i] = (news[i].events & EPOLLOUT ? 1 : 0) | (news[i].events & ~(unsigned)EPOLLOUT ? 2 : 0);
    }
    return count;
}

int lab_open_sniffer(void) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
    if (fd < 0) return -1;
    int room = 64 << 20;
    /* The second works without rights outside of the namespace, up to net.core.rmem_max. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    return fd;
}

ssize_t lab_sniff(int fd, void *buffer, size_t size, int *interface, int *leaving) {
    struct sockaddr_ll from = {0};
    socklen_t length = sizeof from;
    ssize_t count = recvfrom(fd, buffer, size, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
    *interface = from.sll_ifindex;
    *leaving = from.sll_pkttype == PACKET_OUTGOING;
    return count;
}

int lab_sniffer_missed(int fd) {
    struct tpacket_stats stats = {0};
    socklen_t length = sizeof stats;
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) != 0) return -1;
    return (int)stats.tp_drops;
}

size_t lab_count(const void *text, size_t length, const void *part, size_t part_length) {
    const char *rest = text, *end = rest + length;
    size_t count = 0;
    while ((rest = memmem(rest, (size_t)(end - rest), part, part_length)) != NULL) {
        count++;
        rest += part_length;
    }
    return count;
}
