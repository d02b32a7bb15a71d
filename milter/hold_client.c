#include "core/socket_line.h"
#include "milter/hold_client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/hold_protocol.h"

/* `*passed`: the descriptor that came with the answer, or -1. */
static bool ask(int fd, const char *word, const char *queue_id, const char *document,
                struct hold_answer *answer, int *passed, struct error *error)
{
    static const char *const statuses[] = {[HOLD_OK] = "ok",
                                           [HOLD_MISSING] = "missing",
                                           [HOLD_REFUSED] = "refused",
                                           [HOLD_FAILED] = "failed"};
    char line[HOLD_LINE_MAX];
    int length = snprintf(line, sizeof line, "%s %s%s%s\n", word, queue_id, document ? " " : "",
                          document ? document : "");
    *passed = -1;
    if (length < 0 || (size_t)length >= sizeof line || strchr(line, '\n') != line + length - 1) {
        *answer = (struct hold_answer){HOLD_REFUSED, "no queue id"};
        return true;
    }
    if (!socket_line_send(fd, line, (size_t)length) ||
        !socket_line_read(fd, line, sizeof line, -1, passed))
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

bool hold_ask(int fd, const char *word, const char *queue_id, const char *document,
              struct hold_answer *answer, struct error *error)
{
    int passed;
    bool answered = ask(fd, word, queue_id, document, answer, &passed, error);
    if (passed >= 0)
        close(passed);
    return answered;
}

bool hold_show(int fd, const char *queue_id, const char *document, int *message,
               struct hold_answer *answer, struct error *error)
{
    return ask(fd, "show", queue_id, document, answer, message, error);
}
