#define _GNU_SOURCE
#include "namespaces.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

int lab_enter_network(int fd) { return setns(fd, CLONE_NEWNET); }

static _Thread_local cpu_set_t former_processors;

int lab_stay_on_processor(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof former_processors, &former_processors) < 0) return -1;
    CPU_SET(sched_getcpu(), &one);
    return sched_setaffinity(0, sizeof one, &one);
}

int lab_leave_processor(void) { return sched_setaffinity(0, sizeof former_processors, &former_processors); }

int lab_private_mounts(void) {
    if (unshare(CLONE_NEWNS) != 0) return -1;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

int lab_mount_memory(const char *target) { return mount("hauberk-lab", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"); }

int lab_bind(const char *source, const char *target) { return mount(source, target, NULL, MS_BIND | MS_REC, NULL); }

int lab_make_read_only(const char *target) {
    struct statvfs status;
    if (statvfs(target, &status) != 0) return -1;
    /* Flags of a mount that came from outside are locked: asking to lose one of them is refused (user_namespaces(7)). */
    unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
    if (status.f_flag & ST_NOSUID) flags |= MS_NOSUID;
    if (status.f_flag & ST_NODEV) flags |= MS_NODEV;
    if (status.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
    if (status.f_flag & ST_NOATIME) flags |= MS_NOATIME;
    if (status.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
    if (status.f_flag & ST_RELATIME) flags |= MS_RELATIME;
    return mount(NULL, target, NULL, flags, NULL);
}

/* The C library has a wrapper only since glibc 2.36; the numbers are those of linux/mount.h and linux/fcntl.h. */
static int set_read_only(const char *target, unsigned flags, int on) {
    enum { READ_ONLY = 1, SYSTEM_CALL = 442 };
    struct { uint64_t set, clear, propagation, namespace_fd; } change = {0};
    *(on ? &change.set : &change.clear) = READ_ONLY;
    return (int)syscall(SYSTEM_CALL, AT_FDCWD, target, flags, &change, sizeof change);
}

int lab_freeze(void) { return set_read_only("/", 0x8000 /* AT_RECURSIVE */, 1); }

int lab_thaw(const char *target) { return set_read_only(target, 0, 0); }

int lab_ask_arrival(int fd, int family) {
    int on = 1;
    if (family == AF_INET)
        return setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on) | setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on) |
           setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
}

static void read_control(struct cmsghdr *c, int *hop_limit, unsigned *interface) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) {
        memcpy(hop_limit, CMSG_DATA(c), sizeof *hop_limit);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
        memcpy(hop_limit, CMSG_DATA(c), sizeof *hop_limit);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        *interface = (unsigned)info.ipi_ifindex;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        *interface = info.ipi6_ifindex;
    }
}

ssize_t lab_receive(int fd, void *buffer, size_t size, struct sockaddr_storage *from, socklen_t *from_length,
                    int *hop_limit, unsigned *interface) {
    union { char bytes[256]; struct cmsghdr align; } control;
    struct iovec part = {buffer, size};
    struct msghdr message = {from, sizeof *from, &part, 1, control.bytes, sizeof control.bytes, 0};
    *hop_limit = 0;
    *interface = 0;
    ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT);
    if (count < 0) return -1;
    *from_length = message.msg_namelen;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) read_control(c, hop_limit, interface);
    return count;
}
