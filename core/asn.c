#include "core/asn.h"

#include <config.h> /* of the build: "config.h" would be the one beside this file */

#ifdef HAVE_LIBMAXMINDDB

#include <arpa/inet.h>
#include <errno.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

struct asn_database {
    MMDB_s mmdb;
};

/* MMDB_SUCCESS with `*number` 0 for an address that the database does not know. */
static int look_up(const MMDB_s *mmdb, const struct sockaddr *address, uint32_t *number)
{
    int status = MMDB_SUCCESS;
    *number = 0;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(mmdb, address, &status);
    /* An IPv6 address asked of a database of IPv4: not known, and no fault. */
    if (status == MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR)
        return MMDB_SUCCESS;
    if (status != MMDB_SUCCESS || !found.found_entry)
        return status;
    MMDB_entry_data_s data;
    status = MMDB_get_value(&found.entry, &data, "autonomous_system_number", NULL);
    if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
        return MMDB_SUCCESS;
    if (status == MMDB_SUCCESS && data.has_data && data.type == MMDB_DATA_TYPE_UINT32)
        *number = data.uint32;
    return status;
}

/* Addresses all over the tree: damage is hardly ever at one place only. */
static int try_out(const MMDB_s *mmdb)
{
    uint32_t number;
    int status = MMDB_SUCCESS;
    for (uint32_t i = 0; i < 256 && status == MMDB_SUCCESS; i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(i << 24 | 1)};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x20 + i / 16, i}};
        status = look_up(mmdb, (const struct sockaddr *)&v4, &number);
        if (status == MMDB_SUCCESS)
            status = look_up(mmdb, (const struct sockaddr *)&v6, &number);
    }
    return status;
}

struct asn_database *asn_open(const char *path, struct error *error)
{
    struct asn_database *database = memory_new(sizeof *database);
    int status = MMDB_open(path, MMDB_MODE_MMAP, &database->mmdb);
    bool open = status == MMDB_SUCCESS;
    bool system = status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR;
    const char *what = system ? strerror(errno) : MMDB_strerror(status);
    if (open && !strstr(database->mmdb.metadata.database_type, "ASN"))
        error_set(error, ERROR_INPUT, "%s: is no database of autonomous systems (it is %.60s)",
                  path, database->mmdb.metadata.database_type);
    else if (!open)
        error_set(error, system ? ERROR_SYSTEM : ERROR_INPUT, "%s: %s", path, what);
    else if ((status = try_out(&database->mmdb)) != MMDB_SUCCESS)
        error_set(error, ERROR_INPUT, "%s: is damaged: %s", path, MMDB_strerror(status));
    else
        return database;
    if (open)
        MMDB_close(&database->mmdb);
    free(database);
    return NULL;
}

void asn_close(struct asn_database *database)
{
    if (database)
        MMDB_close(&database->mmdb);
    free(database);
}

uint32_t asn_of(const struct asn_database *database, const struct sockaddr *address)
{
    uint32_t number;
    if (!database || look_up(&database->mmdb, address, &number) != MMDB_SUCCESS)
        return 0;
    return number;
}

#else

struct asn_database *asn_open(const char *path, struct error *error)
{
    error_set(error, ERROR_INPUT, "%s: this weir was built without libmaxminddb", path);
    return NULL;
}

void asn_close(struct asn_database *database)
{
    (void)database;
}

uint32_t asn_of(const struct asn_database *database, const struct sockaddr *address)
{
    (void)database, (void)address;
    return 0;
}

#endif
