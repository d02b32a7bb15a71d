#include "core/config_people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_complaint.h"
#include "core/config_values.h"
#include "core/recipient.h"
#include "store/memory.h"

cfg_opt_t digest_options[] = {
    CFG_STR("sendmail", "/usr/sbin/sendmail", CFGF_NONE),
    CFG_INT_CB("timeout", 60000, CFGF_NONE, config_parse_duration),
    CFG_STR("from", "postmaster", CFGF_NONE),
    CFG_INT_CB("language", LANGUAGE_ENGLISH, CFGF_NONE, config_parse_language),
    CFG_STR("key-file", "/var/lib/weir/link.key", CFGF_NONE),
    CFG_END(),
};
cfg_opt_t recipient_options[] = {
    CFG_INT_CB("language", -1, CFGF_NONE, config_parse_language),
    CFG_BOOL("digest", cfg_true, CFGF_NONE),
    CFG_END(),
};
cfg_opt_t held_options[] = {
    CFG_INT_CB("keep", 30L * 86400, CFGF_NONE, config_parse_age),
    CFG_INT_CB("undo", 86400, CFGF_NONE, config_parse_age),
    CFG_END(),
};

/* A slip there would delete all that is held. */
int people_check_held(cfg_t *cfg, cfg_opt_t *option)
{
    (void)cfg;
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    if (cfg_getint(section, "keep") < 3600)
        return config_refuse(section, cfg_getopt(section, "keep"), "is less than an hour");
    return 0;
}

int people_check_from(cfg_t *cfg, cfg_opt_t *option)
{
    const char *from = cfg_opt_getstr(option);
    char whole[RECIPIENT_MAX + 1], normal[RECIPIENT_MAX + 1];
    snprintf(whole, sizeof whole, "%s%s", from, strchr(from, '@') ? "" : "@localhost");
    return recipient_normal(whole, strlen(whole), normal)
               ? 0
               : config_refuse(cfg, option, "\"%.100s\" is no address", from);
}

int people_check_recipient(cfg_t *cfg, cfg_opt_t *option)
{
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    char normal[RECIPIENT_MAX + 1];
    return recipient_entry_normal(cfg_title(section), normal)
               ? 0
               : config_refuse(cfg, option, "\"%.100s\" is neither an address nor a domain",
                               cfg_title(section));
}

void people_take(cfg_t *cfg, struct config *config)
{
    config->held.keep_s = cfg_getint(cfg, "held|keep");
    config->held.undo_s = cfg_getint(cfg, "held|undo");
    cfg_t *held = cfg_getsec(cfg, "held");
    if (config->held.keep_s && config->held.undo_s > config->held.keep_s)
        config_warn(held, cfg_getopt(held, "undo"),
                    "is longer than keep: what is deleted stays longer than what nobody decided "
                    "about");
    config->digest.sendmail = memory_text(cfg_getstr(cfg, "digest|sendmail"));
    config->digest.timeout_ms = (unsigned)cfg_getint(cfg, "digest|timeout");
    config->digest.from = memory_text(cfg_getstr(cfg, "digest|from"));
    config->digest.language = (enum language)cfg_getint(cfg, "digest|language");
    config->digest.key_file = memory_text(cfg_getstr(cfg, "digest|key-file"));
    config->recipient_count = cfg_size(cfg, "recipient");
    config->recipients = memory_new((config->recipient_count + 1) * sizeof *config->recipients);
    for (size_t i = 0; i < config->recipient_count; i++) {
        cfg_t *section = cfg_getnsec(cfg, "recipient", (unsigned)i);
        struct recipient_config *recipient = &config->recipients[i];
        char normal[RECIPIENT_MAX + 1] = "";
        recipient_entry_normal(cfg_title(section), normal);
        long language = cfg_getint(section, "language");
        recipient->name = memory_text(normal);
        recipient->language = language < 0 ? config->digest.language : (enum language)language;
        recipient->digest = cfg_getbool(section, "digest");
    }
}

void people_free(struct config *config)
{
    free(config->digest.sendmail);
    free(config->digest.from);
    free(config->digest.key_file);
    for (size_t i = 0; i < config->recipient_count; i++)
        free(config->recipients[i].name);
    free(config->recipients);
}

struct recipient_config config_recipient(const struct config *config, const char *recipient)
{
    const char *names[] = {recipient, recipient_domain(recipient)};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < config->recipient_count; j++)
            if (strcmp(config->recipients[j].name, names[i]) == 0)
                return config->recipients[j];
    return (struct recipient_config){.language = config->digest.language, .digest = true};
}
