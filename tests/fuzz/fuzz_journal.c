/* Whatever stands in a journal, it is read without a crash, what is read from it is a lesson that
 * can be written again, and the lesson that is added next is the last one read. The first byte of
 * the input says whether the others are the file, or a record in it. */
#include "store/journal.h"

#include "store/journal_frame.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0)
        abort();
}

static void read_all(struct journal_session *session, bool waiting, unsigned char last[])
{
    bool found = true;
    while (found) {
        struct journal_record record;
        size_t length;
        struct error error = {0};
        if (!(waiting ? journal_next_waiting : journal_next_sent)(session, &record, &found, &error))
            abort();
        if (!found)
            break;
        free(lesson_encode(record.lesson, &length));
        memcpy(last, record.lesson->event_id, LESSON_ID_BYTES);
        journal_record_clear(&record);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64], sent_path[80];
    unsigned char last[LESSON_ID_BYTES] = {0};
    struct error error = {0};
    snprintf(path, sizeof path, "/tmp/weir-fuzz-journal-%d", (int)getpid());
    snprintf(sent_path, sizeof sent_path, "%s.sent", path);
    uint8_t *frame = NULL;
    if (size && data[0] & 1) {
        frame = malloc(journal_frame_bound(size));
        if (!frame)
            abort();
        size = journal_frame_write(frame, (struct span){(const char *)data + 1, size - 1});
    }
    write_file(path, frame ? frame : data, size);
    write_file(sent_path, frame ? frame : data, size);
    free(frame);
    struct lesson lesson = {.source = {"fuzz", 4}};
    struct journal_record record = {.lesson = &lesson};
    lesson_set_event_id(&lesson, size);
    struct journal *journal = journal_new(path, 1 << 20, 600);
    if (!journal_add(journal, &record, 1, &error))
        abort();
    struct journal_session *session = journal_begin(journal, 0, &error);
    if (!session || !journal_keep(session, &record, 1, &error))
        abort();
    read_all(session, false, last);
    read_all(session, true, last);
    if (memcmp(last, lesson.event_id, LESSON_ID_BYTES) != 0)
        abort();
    journal_end(session);
    journal_free(journal);
    unlink(path);
    unlink(sent_path);
    return 0;
}
