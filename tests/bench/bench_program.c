#include "tests/bench/bench_program.h"

#include "store/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
    exit(1);
}

struct span read_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        fail(path, "cannot be read");
    char *data = memory_new((size_t)status.st_size + 1);
    size_t length = 0;
    ssize_t got;
    while ((got = read(fd, data + length, (size_t)status.st_size - length)) > 0)
        length += (size_t)got;
    close(fd);
    return (struct span){data, length};
}
