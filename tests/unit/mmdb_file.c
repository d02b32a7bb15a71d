#include "mmdb_file.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NODES_MAX 2000u
#define DATA_MAX 4000u
#define SEPARATOR 16u /* between tree and data */
#define NOT_SET UINT32_MAX

/* https://maxmind.github.io/MaxMind-DB/ */
enum { TEXT = 2, UINT16 = 5, UINT32 = 6, MAP = 7 };
enum { UINT64 = 2, ARRAY = 4 }; /* extended types: a byte of their own, less 7 */

struct database {
    uint32_t nodes[NODES_MAX][2]; /* a node, or NODES_MAX and the place of a record */
    uint32_t node_count;
    unsigned char data[DATA_MAX];
    size_t data_length;
};

static void put(struct database *database, unsigned char byte)
{
    assert(database->data_length < DATA_MAX);
    database->data[database->data_length++] = byte;
}

static void put_text(struct database *database, const char *text)
{
    size_t length = strlen(text);
    assert(length < 29 + 256);
    put(database, (unsigned char)(TEXT << 5 | (length < 29 ? length : 29)));
    if (length >= 29)
        put(database, (unsigned char)(length - 29));
    for (size_t i = 0; i < length; i++)
        put(database, (unsigned char)text[i]);
}

static void put_number(struct database *database, unsigned type, uint32_t number)
{
    unsigned bytes = type == UINT16 ? 2 : 4;
    put(database, (unsigned char)(type << 5 | bytes));
    while (bytes--)
        put(database, (unsigned char)(number >> (8 * bytes)));
}

static uint32_t new_node(struct database *database)
{
    assert(database->node_count < NODES_MAX);
    uint32_t *node = database->nodes[database->node_count];
    node[0] = node[1] = NOT_SET;
    return database->node_count++;
}

static void add(struct database *database, const struct mmdb_row *row)
{
    unsigned char address[16] = {0};
    unsigned bits = row->bits;
    if (inet_pton(AF_INET, row->prefix, address + 12) == 1)
        bits += 96;
    else
        assert(inet_pton(AF_INET6, row->prefix, address) == 1);
    uint32_t at = 0, record = (uint32_t)database->data_length;
    for (unsigned bit = 0; bit < bits; bit++) {
        uint32_t *next = &database->nodes[at][address[bit / 8] >> (7 - bit % 8) & 1];
        if (bit + 1 == bits)
            *next = NODES_MAX + record;
        else if (*next == NOT_SET)
            *next = new_node(database);
        at = *next;
    }
    put(database, MAP << 5 | 1);
    put_text(database, "autonomous_system_number");
    put_number(database, UINT32, row->number);
}

static void write_tree(const struct database *database, FILE *file)
{
    uint32_t count = database->node_count;
    for (uint32_t i = 0; i < count; i++)
        for (int side = 0; side < 2; side++) {
            uint32_t value = database->nodes[i][side];
            if (value == NOT_SET)
                value = count;
            else if (value >= NODES_MAX)
                value = value - NODES_MAX + count + SEPARATOR;
            unsigned char bytes[4] = {value >> 24, value >> 16 & 255, value >> 8 & 255,
                                      value & 255};
            fwrite(bytes, 1, sizeof bytes, file);
        }
}

static void write_metadata(struct database *database, const char *type, FILE *file)
{
    static const char marker[] = "\xab\xcd\xefMaxMind.com";
    database->data_length = 0;
    put(database, MAP << 5 | 9);
    put_text(database, "binary_format_major_version"), put_number(database, UINT16, 2);
    put_text(database, "binary_format_minor_version"), put_number(database, UINT16, 0);
    put_text(database, "build_epoch");
    put(database, 4), put(database, UINT64);
    for (int i = 0; i < 4; i++)
        put(database, 1);
    put_text(database, "database_type"), put_text(database, type);
    put_text(database, "description"), put(database, MAP << 5);
    put_text(database, "ip_version"), put_number(database, UINT16, 6);
    put_text(database, "languages"), put(database, 0), put(database, ARRAY);
    put_text(database, "node_count"), put_number(database, UINT32, database->node_count);
    put_text(database, "record_size"), put_number(database, UINT16, 32);
    fwrite(marker, 1, sizeof marker - 1, file);
    fwrite(database->data, 1, database->data_length, file);
}

void mmdb_file_write(const char *path, const char *type, const struct mmdb_row *rows, size_t count)
{
    static struct database database;
    memset(&database, 0, sizeof database);
    new_node(&database);
    for (size_t i = 0; i < count; i++)
        add(&database, &rows[i]);
    FILE *file = fopen(path, "w");
    assert(file);
    static const char separator[SEPARATOR];
    write_tree(&database, file);
    fwrite(separator, 1, sizeof separator, file);
    fwrite(database.data, 1, database.data_length, file);
    write_metadata(&database, type, file);
    fclose(file);
}
