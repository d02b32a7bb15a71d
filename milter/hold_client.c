#include "milter/hold_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "milter/hold_protocol.h"

/* One line without its newline. Nothing comes behind it: there is one answer to a request. */
static bool read_line(int fd, char line[HOLD_LINE_MAX])
{
    size_t length = 0;
    while (length < HOLD_LINE_MAX) {
        ssize_t got = recv(fd, line + length, HOLD_LINE_MAX - length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        length += (size_t)got;
        if (line[length - 1] == '\n') {
            line[length - 1] = '\0';
            return true;
        }
    }
    return false;
}

bool hold_ask(int fd, const char *word, const char *queue_id, const char *document,
              struct hold_answer *answer, struct error *error)
{
    static const char *const statuses[] = {[HOLD_OK] = "ok",
                                           [HOLD_MISSING] = "missing",
                                           [HOLD_REFUSED] = "refused",
                                           [HOLD_FAILED] = "failed"};
    char line[HOLD_LINE_MAX];
    int length = snprintf(line, sizeof line, "%s %s%s%s\n", word, queue_id, document ? " " : "",
                          document ? document : "");
    if (length < 0 || (size_t)length >= sizeof line || strchr(queue_id, '\n')) {
        *answer = (struct hold_answer){HOLD_REFUSED, "no queue id"};
        return true;
    }
    if (!hold_send(fd, line, (size_t)length) || !read_line(fd, line))
        return error_set(error, ERROR_SYSTEM, "weir-hold does not answer");
    size_t head = strcspn(line, " ");
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (strlen(statuses[i]) != head || memcmp(line, statuses[i], head) != 0)
            continue;
        answer->status = (enum hold_status)i;
        snprintf(answer->detail, sizeof answer->detail, "%s", line + head + (line[head] == ' '));
        return true;
    }
    return error_set(error, ERROR_BUG, "weir-hold answers \"%s\"", line);
}
