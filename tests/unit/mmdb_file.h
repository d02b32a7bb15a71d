/* mmdb_file: a tiny database in MaxMind's format, for tests: one node a bit, one record an
 * autonomous system. */
#ifndef WEIR_TEST_MMDB_FILE_H
#define WEIR_TEST_MMDB_FILE_H

#include <stddef.h>
#include <stdint.h>

struct mmdb_row {
    const char *prefix; /* "192.0.2.0", "2001:db8::" */
    unsigned bits;
    uint32_t number;
};

/* Writes `path`: a database of IPv6 in which IPv4 is ::/96, as GeoLite2 has it. */
void mmdb_file_write(const char *path, const char *type, const struct mmdb_row *rows, size_t count);

#endif
