#include "core/config_learning.h"

#include <stdlib.h>
#include <string.h>

#include "core/config_complaint.h"
#include "core/config_values.h"
#include "store/memory.h"

#define ADDRESS_MAX 320 /* RFC 5321, 4.5.3.1: 64 before the '@', 255 behind it */

static char none[] = "{}"; /* libconfuse takes no const here */
cfg_opt_t learning_options[] = {
    CFG_STR_LIST("traps", none, CFGF_NONE),
    CFG_BOOL("correspondents", cfg_true, CFGF_NONE),
    CFG_BOOL("own-verdicts", cfg_false, CFGF_NONE),
    CFG_INT_CB("own-verdicts-per-hour", 20, CFGF_NONE, config_parse_count),
    CFG_FLOAT_CB("share", 0.25, CFGF_NONE, config_parse_share),
    CFG_END(),
};

int learning_check_traps(cfg_t *cfg, cfg_opt_t *option)
{
    for (unsigned i = 0; i < cfg_opt_size(option); i++) {
        const char *address = cfg_opt_getnstr(option, i), *at = strrchr(address, '@');
        if (!at || at == address || !at[1] || strlen(address) > ADDRESS_MAX ||
            strpbrk(address, " \t<>,"))
            return config_refuse(cfg, option, "\"%.60s\" is no address", address);
    }
    return 0;
}

void learning_take(cfg_t *section, struct config_learning *learning)
{
    learning->trap_count = cfg_size(section, "traps");
    learning->traps = memory_new(learning->trap_count * sizeof *learning->traps);
    for (size_t i = 0; i < learning->trap_count; i++)
        learning->traps[i] = memory_text(cfg_getnstr(section, "traps", (unsigned)i));
    learning->correspondents = cfg_getbool(section, "correspondents");
    learning->own_verdicts = cfg_getbool(section, "own-verdicts");
    learning->own_verdicts_per_hour = (unsigned)cfg_getint(section, "own-verdicts-per-hour");
}

void learning_free(struct config_learning *learning)
{
    for (size_t i = 0; i < learning->trap_count; i++)
        free(learning->traps[i]);
    free(learning->traps);
}
