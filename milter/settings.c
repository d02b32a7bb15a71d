#include "milter/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct settings *in_force;

static bool read_keys(const char *path, struct weir_id_keys *keys, struct error *error)
{
    if (access(path, F_OK) != 0) {
        if (!weir_id_keys_make(path, NULL, error))
            return error_prefix(error,
                                "the key that signs " WEIR_ID_HEADER " is missing and cannot "
                                "be made (as root, \"weir-milter --make-key\" does it)");
        log_event(LOG_LEVEL_NOTICE, "key-made", "path", path, NULL);
    }
    return weir_id_keys_read(path, keys, error);
}

struct settings *settings_read(const char *config_path, struct error *error)
{
    struct settings *settings = calloc(1, sizeof *settings);
    if (!settings) {
        fprintf(stderr, "weir-milter: out of memory\n");
        abort();
    }
    atomic_init(&settings->references, 1);
    settings->config = config_read(config_path, error);
    /* Whether it is wrong or cannot be read: somebody must mend the configuration. */
    if (!settings->config)
        error->class = ERROR_INPUT;
    if (!settings->config ||
        !read_keys(settings->config->milter.key_file, &settings->keys, error)) {
        settings_release(settings);
        return NULL;
    }
    return settings;
}

void settings_release(struct settings *settings)
{
    if (!settings || atomic_fetch_sub(&settings->references, 1) != 1)
        return;
    config_release(settings->config);
    explicit_bzero(&settings->keys, sizeof settings->keys);
    free(settings);
}

struct settings *settings_take(void)
{
    pthread_mutex_lock(&lock);
    struct settings *settings = in_force;
    if (settings)
        atomic_fetch_add(&settings->references, 1);
    pthread_mutex_unlock(&lock);
    return settings;
}

void settings_put(struct settings *settings)
{
    pthread_mutex_lock(&lock);
    struct settings *before = in_force;
    in_force = settings;
    pthread_mutex_unlock(&lock);
    settings_release(before);
}
