#include "admin/follow.h"

#include <time.h>

#define EVERY_MS 200

int follow(follow_front *look, void *context)
{
    const struct timespec pause = {.tv_nsec = EVERY_MS * 1000000L};
    int64_t last[FRONTS] = {0};
    for (bool first = true;; first = false) {
        for (int front = 0; front < FRONTS; front++) {
            int status = look(context, (enum front)front, &last[front], first);
            if (status != EX_OK)
                return status;
        }
        int status = session_flush();
        if (status != EX_OK)
            return status;
        nanosleep(&pause, NULL);
    }
}
