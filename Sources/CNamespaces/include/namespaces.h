#ifndef HAUBERK_NAMESPACES_H
#define HAUBERK_NAMESPACES_H
/* Linux calls that Swift's Glibc module leaves out (they need _GNU_SOURCE or macros). All return -1 and set errno. */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Moves the calling thread into the network namespace held by FD: setns(2). */
int lab_enter_network(int fd);
/* Keeps the calling thread on the processor that it is on, until lab_leave_processor: sched_setaffinity(2). */
int lab_stay_on_processor(void);
int lab_leave_processor(void);
/* Gives the calling thread (and what it executes) a mount namespace of its own, nothing propagating: unshare(2). */
int lab_private_mounts(void);
/* A fresh tmpfs at TARGET. */
int lab_mount_memory(const char *target);
/* SOURCE, with what is mounted below it, also at TARGET. */
int lab_bind(const char *source, const char *target);
/* Makes the mount at TARGET read-only, for this mount namespace. */
int lab_make_read_only(const char *target);
/* Makes every mount of this mount namespace read-only: mount_setattr(2), Linux 5.12. */
int lab_freeze(void);
/* Makes the mount at TARGET writable again. */
int lab_thaw(const char *target);
/* Asks for the hop limit and the arrival interface of every datagram: ip(7), ipv6(7). FAMILY is AF_INET or AF_INET6. */
int lab_ask_arrival(int fd, int family);
/* One datagram with its sender, hop limit and arrival interface index (0 where unknown). Never blocks. */
ssize_t lab_receive(int fd, void *buffer, size_t size, struct sockaddr_storage *from, socklen_t *from_length,
                    int *hop_limit, unsigned *interface);
#endif
