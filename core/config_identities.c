#include "core/config_identities.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/config_complaint.h"
#include "paths.h"
#include "store/memory.h"

#define AUTHSERV_ID_MAX 255
/* Of one file; what follows is counted. */
#define COMPLAINTS_MAX 20

/* Where geoipupdate(1) puts it. */
#define ASN_DATABASE "/var/lib/GeoIP/GeoLite2-ASN.mmdb"

static char none[] = "{}"; /* libconfuse takes no const here */
cfg_opt_t identities_options[] = {
    CFG_STR_LIST("trusted-authserv-ids", none, CFGF_NONE),
    CFG_STR("mail-providers", NULL, CFGF_NODEFAULT),
    CFG_STR("url-shorteners", NULL, CFGF_NODEFAULT),
    CFG_STR("asn-database", NULL, CFGF_NODEFAULT),
    CFG_END(),
};

int identities_check_ids(cfg_t *cfg, cfg_opt_t *option)
{
    for (unsigned i = 0; i < cfg_opt_size(option); i++) {
        const char *id = cfg_opt_getnstr(option, i);
        size_t length = strlen(id);
        if (!length || length > AUTHSERV_ID_MAX)
            return config_refuse(cfg, option, "an authserv-id has 1 to %d characters",
                                 AUTHSERV_ID_MAX);
        for (size_t at = 0; at < length; at++)
            if ((unsigned char)id[at] <= ' ' || (unsigned char)id[at] == 0x7f)
                return config_refuse(cfg, option, "a blank in \"%.60s\"", id);
    }
    return 0;
}

/* The path that is configured, else `otherwise` if there is such a file; NULL ("" or no such file):
 * none is to be read. A file that somebody asked for is missed, one that only might be there is
 * not. */
static char *path_of(cfg_t *section, const char *name, const char *otherwise)
{
    if (cfg_size(section, name)) {
        const char *path = cfg_getstr(section, name);
        return *path ? memory_text(path) : NULL;
    }
    return access(otherwise, F_OK) == 0 ? memory_text(otherwise) : NULL;
}

static int complaints; /* about the list that is being read; there is one reader at a time */

static void complain(const char *path, int line, const char *what)
{
    if (++complaints <= COMPLAINTS_MAX)
        config_warn_of_file(path, line, what);
    else if (complaints == COMPLAINTS_MAX + 1)
        config_warn_of_file(path, line, "and more of that kind");
}

static struct domain_list *read_list(cfg_t *section, const char *name, const char *otherwise)
{
    struct error error = {0};
    char *path = path_of(section, name, otherwise);
    complaints = 0;
    struct domain_list *list = path ? domain_list_read(path, complain, &error) : NULL;
    if (path && !list)
        config_warn(section, cfg_getopt(section, name), "%s", error.message);
    free(path);
    return list;
}

static struct asn_database *open_database(cfg_t *section)
{
    struct error error = {0};
    char *path = path_of(section, "asn-database", ASN_DATABASE);
    struct asn_database *database = path ? asn_open(path, &error) : NULL;
    if (path && !database)
        config_warn(section, cfg_getopt(section, "asn-database"), "%s", error.message);
    free(path);
    return database;
}

void identities_take(cfg_t *section, struct config_identities *identities)
{
    size_t count = cfg_size(section, "trusted-authserv-ids");
    identities->trusted_authserv_ids = memory_new(count * sizeof *identities->trusted_authserv_ids);
    for (size_t i = 0; i < count; i++)
        identities->trusted_authserv_ids[i] =
            memory_text(cfg_getnstr(section, "trusted-authserv-ids", (unsigned)i));
    identities->trusted_authserv_id_count = count;
    identities->mail_providers =
        read_list(section, "mail-providers", PKGDATADIR "/maps/mail-providers");
    identities->url_shorteners =
        read_list(section, "url-shorteners", PKGDATADIR "/maps/url-shorteners");
    identities->asn = open_database(section);
}

void identities_free(struct config_identities *identities)
{
    for (size_t i = 0; i < identities->trusted_authserv_id_count; i++)
        free(identities->trusted_authserv_ids[i]);
    free(identities->trusted_authserv_ids);
    domain_list_free(identities->mail_providers);
    domain_list_free(identities->url_shorteners);
    asn_close(identities->asn);
}
