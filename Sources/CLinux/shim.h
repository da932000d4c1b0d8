// Functions of glibc that its Swift module hides, since it is built without _GNU_SOURCE.
int syncfs(int fd);
int renameat2(int oldfolder, const char *oldname, int newfolder, const char *newname, unsigned int flags);
void *memmem(const void *haystack, __SIZE_TYPE__ haystacklen, const void *needle, __SIZE_TYPE__ needlelen);
