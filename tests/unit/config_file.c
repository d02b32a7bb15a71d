#include "config_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char config_file_folder[64], config_file_path[128];

int config_file_set_up(void **state)
{
    (void)state;
    strcpy(config_file_folder, "/tmp/weir-test-config-XXXXXX");
    if (!mkdtemp(config_file_folder))
        return -1;
    snprintf(config_file_path, sizeof config_file_path, "%s/weir.conf", config_file_folder);
    return 0;
}

int config_file_tear_down(void **state)
{
    (void)state;
    unlink(config_file_path);
    return rmdir(config_file_folder);
}

void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

struct config *accepted(const char *text)
{
    struct error error = {0};
    write_file(config_file_path, text);
    struct config *config = config_read(config_file_path, &error);
    if (!config)
        fail_msg("%s", error.message);
    return config;
}

void refused(const char *text, const char *complaint)
{
    struct error error = {0};
    write_file(config_file_path, text);
    assert_null(config_read(config_file_path, &error));
    assert_int_equal(error.class, ERROR_INPUT);
    char expected[512];
    snprintf(expected, sizeof expected, "%s:%s", config_file_path, complaint);
    assert_string_equal(error.message, expected);
}
