// Sends UDP packets with 64 bytes of data as fast as it can, and prints for how many seconds: packets ADDRESS PORT SECONDS
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **words) {
    if (count != 4) return 64;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[2]))};
    if (inet_pton(AF_INET, words[1], &to.sin_addr) != 1) return 64;
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("packets");
        return 1;
    }
    const char data[64] = {0};
    double start = now(), end = start + atof(words[3]), time;
    do {
        // A failure is the answer to an earlier packet that was refused.
        for (int turn = 0; turn < 32; turn++) (void)!send(descriptor, data, sizeof data, 0);
        time = now();
    } while (time < end);
    printf("%f\n", time - start);
    return 0;
}
