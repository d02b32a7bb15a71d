#include "core/socket_line.h"
#include "milter/preview.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/hold_client.h"
#include "milter/hold_protocol.h"

#define PATIENCE_MS 2000 /* for the whole question */

int preview_listen(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        error_set(error, ERROR_INPUT, "release.preview: the path is too long");
        return -1;
    }
    strcpy(address.sun_path, path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0007);
    bool good =
        fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 8) == 0;
    int why = errno;
    umask(before);
    if (good)
        return fd;
    if (fd >= 0)
        close(fd);
    error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(why));
    return -1;
}

/* "QUEUE-ID DOCUMENT". false: weir-hold is gone. */
static bool answer_line(int client, int hold, char *line, struct error *error)
{
    static const char *const words[] = {[HOLD_OK] = "ok",
                                        [HOLD_MISSING] = "missing",
                                        [HOLD_REFUSED] = "refused",
                                        [HOLD_FAILED] = "failed"};
    struct hold_answer answer;
    int message;
    char text[HOLD_LINE_MAX + 16];
    char *document = strchr(line, ' ');
    if (document)
        *document++ = '\0';
    if (!hold_show(hold, line, document ? document : "", &message, &answer, error))
        return false;
    if (message >= 0) {
        socket_line_send_with(client, "ok\n", 3, message);
        close(message);
        return true;
    }
    int length = snprintf(text, sizeof text, "%s %s\n", words[answer.status], answer.detail);
    socket_line_send(client, text, (size_t)length);
    return true;
}

bool preview_answer(int listening, int hold, struct error *error)
{
    const struct timeval patience = {PATIENCE_MS / 1000, 0};
    char line[HOLD_LINE_MAX];
    int passed, client = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    bool good = true;
    if (client < 0)
        return true;
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (socket_line_read(client, line, sizeof line, PATIENCE_MS, &passed)) {
        if (passed >= 0)
            close(passed);
        good = answer_line(client, hold, line, error);
    }
    close(client);
    return good;
}
