#define _GNU_SOURCE
#include "guard.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

int guard_start(const struct guard_plan *plan, char *const *orphaned, char *const *overdue, char *const *variables)
{
    sigset_t all, former;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &former);
    pid_t child = fork();
    if (child != 0) {
        sigprocmask(SIG_SETMASK, &former, 0);
        return child;
    }
    setsid();
    signal(SIGHUP, SIG_IGN);
    if (chdir("/") != 0) { }
    close(plan->others[0]);
    close(plan->others[1]);
    int null = open("/dev/null", O_RDWR);
    for (int target = 0; target < 3; target++) dup2(null, target);
    dup2(plan->lock, 3);
    dup2(plan->life, 4);
    /* The program says once more that it watches. */
    dup2(null, 5);
    dup2(plan->ready, 6);
    fcntl(6, F_SETFD, FD_CLOEXEC);
    dup2(plan->program, 7);
    fcntl(7, F_SETFD, FD_CLOEXEC);
    close_range(8, ~0U, 0);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, 0);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    char byte = 1;
    if (write(6, &byte, 1) != 1) { }
    close(6);
    int left = plan->milliseconds, found = 0;
    while (left > 0 && found <= 0) {
        struct pollfd waited = {4, POLLIN, 0};
        found = poll(&waited, 1, left);
        clock_gettime(CLOCK_MONOTONIC, &now);
        left = plan->milliseconds - (int)((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000);
    }
    if (found > 0 && read(4, &byte, 1) == 1) _exit(0);
    for (int attempt = 0; attempt < 60; attempt++) {
        fexecve(7, found > 0 ? orphaned : overdue, variables);
        poll(0, 0, 1000);
    }
    _exit(127);
}
