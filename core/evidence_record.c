#include "core/evidence_record.h"

#include "core/checks.h"
#include "core/reputation.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#define FORMAT 1

/* Of the byte in front of a piece's symbol. */
#define PIECE_LENGTH 0x7fu
#define PIECE_IS_CHECK 0x80u

/* Of the byte in front of an identity. */
#define IDENTITY_TYPE 0x1fu
#define IDENTITY_HAS_COUNTS 0x40u
#define IDENTITY_HAS_OVERRIDE 0x80u

_Static_assert(IDENTITY_TYPES <= IDENTITY_TYPE + 1, "a type has five bits");

uint32_t identity_hash(const struct identity *identity)
{
    return (uint32_t)XXH3_64bits_withSeed(identity->value.data, identity->value.length,
                                          (uint64_t)identity->type);
}

int32_t evidence_micro(double value)
{
    return (int32_t)lround(fmax(-2000, fmin(2000, value)) * EVIDENCE_MICRO);
}

void evidence_record_add(struct evidence_record *record, struct arena *arena, const char *symbol,
                         int32_t micro, bool is_check, struct span detail)
{
    record->pieces = arena_grow(arena, record->pieces, record->piece_count, sizeof *record->pieces);
    record->pieces[record->piece_count++] =
        (struct recorded_piece){symbol, micro, is_check, detail};
}

/* --- the verdict --- */

static void add_pieces(const struct evidence_record *record, const struct scoring *scoring,
                       struct evidence_list *list)
{
    for (size_t i = 0; i < record->piece_count; i++) {
        const struct recorded_piece *piece = &record->pieces[i];
        int row = piece->is_check ? checks_find(piece->symbol) : -1;
        double weight = piece->is_check ? (row >= 0 ? scoring->checks[row] : 0) : 1;
        if (weight == 0)
            continue;
        evidence_add(list, piece->symbol, piece->micro / EVIDENCE_MICRO * weight, piece->detail);
        list->items[list->count - 1].decides = record->decision && !piece->micro &&
                                               !piece->is_check &&
                                               !strcmp(piece->symbol, RULE_SYMBOL);
    }
}

void evidence_record_reputations(const struct evidence_record *record,
                                 const struct reputation_table *table, struct evidence_list *list)
{
    const struct document document = {.arena = list->arena,
                                      .channel = record->channel,
                                      .identities = record->identities,
                                      .identity_count = record->identity_count};
    reputation_evidence(table, &document, record->counts, record->time_s, list);
}

/* Each times the factor of its symbol. */
static void add_reputations(const struct evidence_list *reputations, const struct scoring *scoring,
                            struct evidence_list *list)
{
    for (size_t i = 0; i < reputations->count; i++) {
        const struct evidence *evidence = &reputations->items[i];
        double factor = scoring_reputation_factor(scoring, evidence->symbol);
        if (factor != 0)
            evidence_add(list, evidence->symbol, evidence->log_odds * factor, evidence->detail);
    }
}

static enum action decided(enum recorded_decision decision)
{
    return decision == DECISION_HOLD  ? ACTION_HOLD
           : decision == DECISION_TAG ? ACTION_TAG
                                      : ACTION_ACCEPT;
}

struct verdict evidence_record_sum(const struct evidence_record *record,
                                   const struct evidence_list *reputations,
                                   const struct scoring *scoring)
{
    struct evidence_list list = {.arena = reputations->arena};
    if (record->content_micro && scoring->content != 0)
        evidence_add(&list, CONTENT_SYMBOL,
                     record->content_micro / EVIDENCE_MICRO * scoring->content, SPAN(""));
    add_reputations(reputations, scoring, &list);
    add_pieces(record, scoring, &list);
    struct verdict verdict = verdict_of(&list, scoring_thresholds(scoring, record->channel),
                                        CONTENT_SYMBOL, record->cold);
    if (record->decision)
        verdict.action = decided(record->decision);
    if (verdict.action > record->most)
        verdict.action = record->most;
    return verdict;
}

struct verdict evidence_record_verdict(const struct evidence_record *record,
                                       const struct scoring *scoring, struct arena *arena)
{
    struct evidence_list reputations = {.arena = arena};
    evidence_record_reputations(record, &scoring->reputations, &reputations);
    return evidence_record_sum(record, &reputations, scoring);
}

void evidence_record_limit(struct verdict *verdict, enum action most)
{
    if (verdict->action > most)
        verdict->action = most;
    if (verdict->record && verdict->record->most > most)
        verdict->record->most = most;
}

/* --- bytes --- */

static unsigned char *put_number(unsigned char *at, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        *at++ = (unsigned char)(number | 0x80);
    *at++ = (unsigned char)number;
    return at;
}

static unsigned char *put_signed(unsigned char *at, int64_t number)
{
    return put_number(at, number < 0 ? ~((uint64_t)number << 1) : (uint64_t)number << 1);
}

static unsigned char *put_piece(unsigned char *at, const struct recorded_piece *piece)
{
    size_t length = strlen(piece->symbol);
    length = length < PIECE_LENGTH ? length : PIECE_LENGTH;
    *at++ = (unsigned char)(length | (piece->is_check ? PIECE_IS_CHECK : 0));
    memcpy(at, piece->symbol, length);
    return put_signed(at + length, piece->micro);
}

static unsigned char *put_identity(unsigned char *at, const struct evidence_record *record,
                                   size_t i)
{
    const struct reputation_counts *counts = &record->counts[i];
    bool has_counts = counts->ham_milli || counts->spam_milli;
    bool has_override = counts->override != OVERRIDE_NONE;
    *at++ = (unsigned char)((unsigned)record->identities[i].type |
                            (has_counts ? IDENTITY_HAS_COUNTS : 0) |
                            (has_override ? IDENTITY_HAS_OVERRIDE : 0));
    memcpy(at, &record->hashes[i], sizeof record->hashes[i]);
    at += sizeof record->hashes[i];
    if (has_counts) {
        at = put_number(at, counts->ham_milli);
        at = put_number(at, counts->spam_milli);
        at = put_signed(at, record->time_s - counts->time_s);
    }
    if (has_override) {
        at = put_number(at, (uint64_t)counts->override);
        at = put_signed(at, counts->override_centi);
        at = put_signed(at, counts->override_until_s);
    }
    return at;
}

struct span evidence_record_encode(const struct evidence_record *record, struct arena *arena)
{
    enum { NUMBER_MAX = 10 };
    size_t most = 4 + 4 * NUMBER_MAX + record->piece_count * (1 + PIECE_LENGTH + NUMBER_MAX) +
                  record->identity_count * (5 + 6 * NUMBER_MAX);
    char *bytes = arena_text(arena, most);
    unsigned char *start = (unsigned char *)bytes, *at = start;
    *at++ = FORMAT;
    *at++ = (unsigned char)((unsigned)record->channel | (record->cold ? 4u : 0) |
                            (unsigned)record->most << 3 | (unsigned)record->decision << 5);
    at = put_signed(at, record->time_s);
    at = put_signed(at, record->content_micro);
    at = put_number(at, record->piece_count);
    for (size_t i = 0; i < record->piece_count; i++)
        at = put_piece(at, &record->pieces[i]);
    at = put_number(at, record->identity_count);
    for (size_t i = 0; i < record->identity_count; i++)
        at = put_identity(at, record, i);
    return (struct span){bytes, (size_t)(at - start)};
}

/* --- and back --- */

struct reader {
    const unsigned char *at, *end;
    bool damaged;
};

static unsigned read_byte(struct reader *reader)
{
    if (reader->at < reader->end)
        return *reader->at++;
    reader->damaged = true;
    return 0;
}

static uint64_t read_number(struct reader *reader)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = read_byte(reader);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return number;
    }
    reader->damaged = true;
    return 0;
}

static int64_t read_signed(struct reader *reader)
{
    uint64_t number = read_number(reader);
    return (int64_t)(number & 1 ? ~(number >> 1) : number >> 1);
}

/* How many follow, of at least `least` bytes each. */
static size_t read_count(struct reader *reader, size_t least)
{
    uint64_t count = read_number(reader);
    if (count > (size_t)(reader->end - reader->at) / least) {
        reader->damaged = true;
        return 0;
    }
    return (size_t)count;
}

static const unsigned char *read_bytes(struct reader *reader, size_t length)
{
    const unsigned char *bytes = reader->at;
    if ((size_t)(reader->end - reader->at) < length) {
        reader->damaged = true;
        return NULL;
    }
    reader->at += length;
    return bytes;
}

static void read_piece(struct reader *reader, struct arena *arena, struct recorded_piece *piece)
{
    unsigned first = read_byte(reader);
    const unsigned char *symbol = read_bytes(reader, first & PIECE_LENGTH);
    *piece = (struct recorded_piece){.is_check = first & PIECE_IS_CHECK,
                                     .micro = (int32_t)read_signed(reader)};
    if (symbol)
        piece->symbol =
            arena_copy(arena, (struct span){(const char *)symbol, first & PIECE_LENGTH}).data;
}

static void read_identity(struct reader *reader, struct evidence_record *record, size_t i)
{
    struct reputation_counts *counts = &record->counts[i];
    unsigned first = read_byte(reader);
    const unsigned char *hash = read_bytes(reader, sizeof record->hashes[i]);
    reader->damaged = reader->damaged || (first & IDENTITY_TYPE) >= IDENTITY_TYPES;
    record->identities[i] = (struct identity){.type = (enum identity_type)(first & IDENTITY_TYPE)};
    if (hash)
        memcpy(&record->hashes[i], hash, sizeof record->hashes[i]);
    *counts = (struct reputation_counts){0};
    if (first & IDENTITY_HAS_COUNTS) {
        counts->ham_milli = (uint32_t)read_number(reader);
        counts->spam_milli = (uint32_t)read_number(reader);
        counts->time_s = (int64_t)((uint64_t)record->time_s - (uint64_t)read_signed(reader));
    }
    if (first & IDENTITY_HAS_OVERRIDE) {
        uint64_t kind = read_number(reader);
        reader->damaged = reader->damaged || kind > OVERRIDE_PIN;
        counts->override = (enum override_kind)kind;
        counts->override_centi = (int32_t)read_signed(reader);
        counts->override_until_s = read_signed(reader);
    }
}

bool evidence_record_decode(struct span bytes, struct arena *arena, struct evidence_record *record)
{
    const unsigned char *start = (const unsigned char *)bytes.data;
    struct reader reader = {start, start + bytes.length, false};
    *record = (struct evidence_record){0};
    if (read_byte(&reader) != FORMAT)
        return false;
    unsigned kind = read_byte(&reader);
    record->channel = kind & 3 ? (enum channel)(kind & 3) : CHANNEL_MAIL;
    record->cold = kind & 4;
    record->most = (enum action)(kind >> 3 & 3);
    record->decision = (enum recorded_decision)(kind >> 5 & 3);
    record->time_s = read_signed(&reader);
    record->content_micro = (int32_t)read_signed(&reader);
    for (size_t left = read_count(&reader, 2); left && !reader.damaged; left--) {
        record->pieces =
            arena_grow(arena, record->pieces, record->piece_count, sizeof *record->pieces);
        read_piece(&reader, arena, &record->pieces[record->piece_count++]);
    }
    size_t count = record->identity_count = read_count(&reader, 5);
    record->identities = arena_room(arena, count * sizeof *record->identities);
    record->hashes = arena_room(arena, count * sizeof *record->hashes);
    record->counts = arena_room(arena, count * sizeof *record->counts);
    for (size_t i = 0; i < count && !reader.damaged; i++)
        read_identity(&reader, record, i);
    return !reader.damaged && !(kind & 0x80) && record->channel != CHANNEL_ANY &&
           reader.at == reader.end;
}
