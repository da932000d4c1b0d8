#ifndef HAUBERK_GUARD_H
#define HAUBERK_GUARD_H
/* What is done between fork(2) and execve(2), where Swift's runtime must not be used. */

/* What the process of guard_start needs; all descriptors are above 9. */
struct guard_plan {
    int lock;     /* becomes 3 */
    int life;     /* becomes 4: the end of a pipe whose other end is the maker's alone */
    int ready;    /* takes one byte when it watches */
    int program;  /* an open executable */
    int others[2]; /* the maker's ends of the two pipes */
    int milliseconds;
};

/* Starts a process, in a session of its own, that ends with the byte that its maker writes into `life`. Without one it
   becomes the program: with the words `orphaned` when the maker is gone, with `overdue` when the time is over. Only
   calls of signal-safety(7) are made in it, so that the maker may have threads. Returns -1 and sets errno. */
int guard_start(const struct guard_plan *plan, char *const *orphaned, char *const *overdue, char *const *variables);
#endif
