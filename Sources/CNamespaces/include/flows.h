#ifndef HAUBERK_FLOWS_H
#define HAUBERK_FLOWS_H
/* Sockets that ask, answer and listen in for the lab's flows. All return -1 and set errno, and none blocks. */
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum lab_kind { LAB_TCP = 0, LAB_UDP = 1, LAB_ECHO = 2, LAB_FORGED = 3 };

/* A listener on every address of both families. TYPE is SOCK_STREAM or SOCK_DGRAM. */
int lab_listen(int type, uint16_t port);
/* The next connection and the 16 bytes of who begins it; IPv4 addresses come mapped (RFC 4291, 2.5.5.2). */
int lab_accept(int fd, uint8_t *from);
/* The next datagram, who sent it, and the 16 bytes of both addresses; IPv4 addresses come mapped. */
ssize_t lab_take(int fd, void *buffer, size_t size, struct sockaddr_storage *sender, uint8_t *from, uint8_t *to);
/* Sends a datagram back from the address that the question came to. */
ssize_t lab_answer(int fd, const void *buffer, size_t size, const struct sockaddr_storage *to, const uint8_t *from);
/* A socket that asks TARGET from SOURCE (both of the same family; the port of SOURCE is 0). A LAB_FORGED one may take a
   source that is not the machine's. The connection of a LAB_TCP one is under way. */
int lab_ask(enum lab_kind kind, const struct sockaddr *source, const struct sockaddr *target, socklen_t length);
/* Sends the question's bytes, for LAB_ECHO as an echo request. */
ssize_t lab_send_question(int fd, enum lab_kind kind, int family, const void *buffer, size_t size);
/* Receives an answer's bytes, for LAB_ECHO without the header of the echo reply. */
ssize_t lab_reply(int fd, enum lab_kind kind, void *buffer, size_t size);
/* The error that waits at the socket, 0 for none; reading clears it. */
int lab_socket_error(int fd);
/* The kernel's list of sockets with news: epoll(7). */
int lab_events(void);
/* Watches a socket for what comes in, and with WRITING for a connection that is under way; AGAIN changes what is watched. */
int lab_watch(int events, int fd, uint64_t word, int writing, int again);
/* The words of the sockets with news, and for each whether it is writable (1), readable or in error (2), or both (3). */
int lab_news(int events, uint64_t *words, int *states, int limit, int milliseconds);
/* Sees every frame of every interface of the present network namespace. */
int lab_open_sniffer(void);
/* The next frame: its bytes, the interface it came by, and whether it is leaving by it. */
ssize_t lab_sniff(int fd, void *buffer, size_t size, int *interface, int *leaving);
/* How many frames the sniffer missed since the last call. */
int lab_sniffer_missed(int fd);
/* How often PART is in TEXT. */
size_t lab_count(const void *text, size_t length, const void *part, size_t part_length);
#endif
