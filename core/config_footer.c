#include "core/config_feedfilter.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/config_complaint.h"
#include "core/key_file.h"
#include "core/signed_link.h"

bool config_has_footer(const struct config *config, const struct subscription_config *own)
{
    return own->footer == FOOTER_AS_THE_OTHERS ? config->feedfilter.footer
                                               : own->footer == FOOTER_ON;
}

bool config_has_any_footer(const struct config *config)
{
    bool wanted = config->feedfilter.footer;
    for (size_t i = 0; i < config->subscription_count && !wanted; i++)
        wanted = config->subscriptions[i].footer == FOOTER_ON;
    return wanted;
}

/* Whether weir-feedfilter, which makes the file, has a directory to make it in. */
static bool can_be_made(const char *path)
{
    char directory[4096];
    const char *slash = strrchr(path, '/');
    int length = slash ? snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path)
                       : snprintf(directory, sizeof directory, ".");
    return (size_t)length < sizeof directory && access(length ? directory : "/", F_OK) == 0;
}

void feedfilter_check_footer(const struct config *config)
{
    struct signed_link_keys keys = {0};
    struct error error = {0};
    char what[600];
    const char *key_file = config->feedfilter.link_key_file;
    if (!config_has_any_footer(config))
        return;
    if (!*config->console.public_url) {
        config_warn_of_file(NULL, 0,
                            "footer: items get no links, since console.public-url does not say "
                            "where readers' browsers find weir-console");
    } else if (access(key_file, F_OK) != 0 && !can_be_made(key_file)) {
        snprintf(what, sizeof what,
                 "footer: items get no links, since feedfilter.link-key-file, %.300s, lies in no "
                 "directory that is there",
                 key_file);
        config_warn_of_file(NULL, 0, what);
    } else if (access(key_file, R_OK) == 0 && !signed_link_keys_read(key_file, &keys, &error)) {
        snprintf(what, sizeof what, "footer: items get no links, since %.400s", error.message);
        config_warn_of_file(NULL, 0, what);
    }
    explicit_bzero(&keys, sizeof keys);
}
