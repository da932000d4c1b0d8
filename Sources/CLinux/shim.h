// Functions of glibc that its Swift module hides, since it is built without _GNU_SOURCE, and the kernel's routing messages.
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
int syncfs(int fd);
int renameat2(int oldfolder, const char *oldname, int newfolder, const char *newname, unsigned int flags);
void *memmem(const void *haystack, __SIZE_TYPE__ haystacklen, const void *needle, __SIZE_TYPE__ needlelen);
int memfd_create(const char *name, unsigned int flags);
int pidfd_open(int process, unsigned int flags);
int unshare(int flags);
int mallopt(int parameter, int value);
