#include "tests/unit/records_new.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char *bytes; /* of a file that nothing was written to */
static size_t length;

static void remember(const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) != 0)
        abort();
    bytes = malloc((size_t)status.st_size);
    length = fread(bytes, 1, (size_t)status.st_size, file);
    fclose(file);
}

static void write_copy(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
        abort();
}

struct records *records_new(const char *path, struct error *error)
{
    if (bytes) {
        write_copy(path);
    } else {
        struct records *records = records_open(path, error);
        if (!records)
            return NULL;
        records_close(records);
        remember(path);
    }
    return records_open(path, error);
}
