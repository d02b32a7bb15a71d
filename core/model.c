/* How the arithmetic of learning stays the same everywhere: it uses integers only, in four steps.
 *   root  = isqrt((n << 32) / share) of each group, that is 1/x in 2^-16; n counts one and a half
 *           times what is unknown (of weight 0) of the group that is not the body's
 *   z     = sum of weights * 2^26 / root over both groups, that is z in 2^-16
 *   p     = the logistic function of z in 2^-30, from a table with steps of 1/32, interpolated
 *   delta = 64 * 20 * g * x / sqrt(1 + 1.5 c), the last factor from a table in 2^-24; c is the sum
 *           of the squares of g by which the slot moved (AdaGrad; Duchi, Hazan and Singer, 2011),
 *           kept in sixteenths, each rounded but at least one. In remarks 10 stands for the 20
 * Divisions round towards zero and the delta half away from zero, on magnitudes, so that ham and
 * spam are treated alike. Both tables are made by model_new(), again with integers only. */
#include "core/model_cells.h"
#include "store/memory.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(MODEL_SLOTS == LESSON_SLOT_LIMIT, "a lesson has the model's slots");

#define UNITS 64u /* of a weight, per 1.0 */
#define STEP 20u  /* learning rate of a slot never moved before */
/* The same for remarks: a remark has few words, each of which would go too far alone. */
#define STEP_OF_REMARKS 10u

#define ONE (1u << 30) /* a probability of 1 */
#define MARGIN (ONE / 10)
#define MARGIN_OF_REMARKS (ONE / 20)
#define KNOWN_MARGIN (ONE / 50)
#define SOFT_FROM (ONE / 10 * 6) /* untrusted gradients over this are softened */
#define SOFT_LEAST (ONE / 10)
/* By which log-odds are multiplied for a score, in thousandths. A learner that goes no further than
 * its margin is less sure than it is right (temperature scaling; Guo et al., 2017), the more so of
 * remarks: half of what one is learned by are words and pairs that no other has. */
#define SCORED_MILLI 1300
#define SCORED_MILLI_OF_REMARKS 2200
/* Log-odds that one untrusted lesson may make, in 2^-16: 5 when it is scored. */
#define UNTRUSTED_END ((5l << 16) * 1000 / SCORED_MILLI)
#define UNTRUSTED_END_OF_REMARKS ((5l << 16) * 1000 / SCORED_MILLI_OF_REMARKS)
#define PREFETCHED 16u /* slots ahead of the one whose weight is read */
#define REHEARSED 32u  /* earlier lessons gone through after one that taught something */

#define LOGISTIC_STEP_BITS 11      /* of z in 2^-16: one table step is 1/32 */
#define EXP_MINUS_STEP 4162825044u /* e^(-1/32) in 2^-32, rounded down */

/* Largest r with r * r <= square, bit by bit. */
static uint64_t integer_sqrt(uint64_t square)
{
    uint64_t root = 0;
    for (uint64_t bit = 1ull << 62; bit; bit >>= 2) {
        if (square >= root + bit) {
            square -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return root;
}

struct model *model_new(void)
{
    struct model *model = memory_new(sizeof *model);
    model->rehearsal = rehearsal_new();
    uint64_t exp_minus_z = 1ull << 32;
    for (size_t i = 0; i <= LOGISTIC_END; i++) {
        model->logistic[i] = (uint32_t)((1ull << 62) / ((1ull << 32) + exp_minus_z));
        exp_minus_z = exp_minus_z * EXP_MINUS_STEP >> 32;
    }
    /* 1/sqrt(1 + 1.5 c/16) = sqrt(32 / (32 + 3 c)) */
    for (uint64_t c = 0; c <= COUNT_MAX; c++)
        model->slowing[c] = (uint32_t)integer_sqrt((32ull << 48) / (32 + 3 * c));
    return model;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    rehearsal_free(model->rehearsal);
    free(model);
}

void model_reset(struct model *model, uint64_t version)
{
    for (size_t i = 0; i < MODEL_SLOTS; i++) {
        STORE(model->weights[i], 0);
        STORE(model->counts[i], 0);
    }
    for (size_t i = 0; i < SCRIPTS; i++) {
        STORE(model->lessons[i][LABEL_HAM], 0);
        STORE(model->lessons[i][LABEL_SPAM], 0);
    }
    STORE(model->version, version);
    rehearsal_clear(model->rehearsal);
}

/* --- slots --- */

struct slot_key {
    uint64_t mask, factor;
};

static struct slot_key slot_key_of(const unsigned char key[COUNTS_KEY_BYTES])
{
    uint64_t half[2];
    memcpy(half, key, sizeof half);
    half[0] = le64toh(half[0]);
    half[1] = le64toh(half[1]);
    return (struct slot_key){half[0], half[1] | 1};
}

/* Two rounds of multiplication, each by something that depends on the key: which features collide
 * cannot be told without it. */
static inline uint32_t mix(struct slot_key key, uint64_t hash)
{
    uint64_t mixed = (hash ^ key.mask) * key.factor;
    mixed ^= mixed >> 32;
    mixed *= key.mask | 1;
    uint32_t cell = (uint32_t)((mixed ^ mixed >> 29) * 0x9e3779b97f4a7c15u >> 44);
    return feature_group(hash) * MODEL_GROUP_SLOTS + cell;
}

uint32_t model_slot(const unsigned char key[COUNTS_KEY_BYTES], uint64_t hash)
{
    return mix(slot_key_of(key), hash);
}

/* Puts `slots` into `sorted`, in buckets by their upper bits, of which there are enough for one or
 * two in each. */
static void sort_into_buckets(const uint32_t *slots, size_t n, uint32_t *sorted)
{
    uint32_t place[1024];
    unsigned bits = 4;
    while (bits < 10 && (size_t)2 << bits < n)
        bits++;
    size_t buckets = (size_t)1 << bits;
    unsigned shift = 21 - bits;
    memset(place, 0, buckets * sizeof *place);
    for (size_t i = 0; i < n; i++)
        place[slots[i] >> shift]++;
    uint32_t sum = 0;
    for (size_t i = 0; i < buckets; i++) {
        uint32_t size = place[i];
        place[i] = sum;
        sum += size;
    }
    for (size_t i = 0; i < n; i++)
        sorted[place[slots[i] >> shift]++] = slots[i];
}

/* Puts the slot where it belongs among those that are there, unless it is; how many there are then.
 */
static size_t insert_slot(uint32_t *slots, size_t count, uint32_t slot)
{
    size_t at = count;
    while (at > 0 && slots[at - 1] > slot)
        at--;
    if (at > 0 && slots[at - 1] == slot)
        return count;
    memmove(slots + at + 1, slots + at, (count - at) * sizeof *slots);
    slots[at] = slot;
    return count + 1;
}

/* Slots are spread evenly, so that insertion over the whole array hardly moves anything once they
 * lie in buckets. */
size_t model_slots(const unsigned char key[COUNTS_KEY_BYTES], const uint64_t *hashes, size_t n,
                   uint32_t *slots)
{
    uint32_t sorted[LESSON_SLOTS_MAX];
    struct slot_key mixer = slot_key_of(key);
    assert(n <= LESSON_SLOTS_MAX);
    for (size_t i = 0; i < n; i++)
        slots[i] = mix(mixer, hashes[i]);
    sort_into_buckets(slots, n, sorted);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!count || slots[count - 1] < sorted[i])
            slots[count++] = sorted[i];
        else
            count = insert_slot(slots, count, sorted[i]);
    }
    return count;
}

/* Whether the slot is among those. */
static bool is_among(const uint32_t *slots, size_t n, uint32_t slot)
{
    size_t at = 0;
    while (at < n && slots[at] != slot)
        at++;
    return at < n;
}

size_t model_slots_unsorted(const unsigned char key[COUNTS_KEY_BYTES], const uint64_t *hashes,
                            size_t n, uint32_t *slots)
{
    /* A bit for the lower half of each slot there is: hardly any other slot has the same. */
    uint64_t seen[0x10000 / 64] = {0};
    struct slot_key mixer = slot_key_of(key);
    assert(n <= FEATURES_MAX);
    size_t body = 0, others = n;
    for (size_t i = 0; i < n; i++) {
        uint32_t slot = mix(mixer, hashes[i]);
        uint64_t *word = &seen[(slot & 0xffff) / 64], bit = 1ull << slot % 64;
        if (*word & bit &&
            (is_among(slots, body, slot) || is_among(slots + others, n - others, slot)))
            continue;
        *word |= bit;
        if (feature_group(hashes[i]) == FEATURE_GROUP_BODY)
            slots[body++] = slot;
        else
            slots[--others] = slot;
    }
    memmove(slots + body, slots + others, (n - others) * sizeof *slots);
    return body + n - others;
}

/* --- scoring --- */

/* A document's slots by group: those of one lie together. */
struct grouped {
    const uint32_t *slots[FEATURE_GROUPS];
    size_t count[FEATURE_GROUPS];
    int64_t sum[FEATURE_GROUPS];   /* of weights */
    uint64_t root[FEATURE_GROUPS]; /* 1/x in 2^-16 */
};

/* sqrt((n + unknown/2) / share) in 2^-16, of the group's n slots among `all`. Most of what is
 * unknown among headers and links are names that were never seen: of a document with many of them
 * the few known ones say less. Counting unknown words the same way gained nothing. */
static uint64_t root_of(size_t group, size_t n, size_t unknown, size_t all)
{
    static const uint64_t percent[FEATURE_GROUPS] = {60, 40}; /* shares */
    uint64_t counted = 2 * (uint64_t)n + (group == FEATURE_GROUP_OTHER ? unknown : 0);
    uint64_t square = counted << 31;
    return integer_sqrt(n == all ? square : square * 100 / percent[group]);
}

/* Adds up the group's weights; how many are 0. */
static size_t add_weights(const struct model *model, struct grouped *groups, size_t group)
{
    const uint32_t *slots = groups->slots[group];
    size_t count = groups->count[group], unknown = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        /* No weight lies near the one before: the processor cannot know which it will need. */
        if (i + PREFETCHED < count)
            __builtin_prefetch(&model->weights[slots[i + PREFETCHED]]);
        int16_t weight = LOAD(model->weights[slots[i]]);
        sum += weight;
        unknown += weight == 0;
    }
    groups->sum[group] = sum;
    return unknown;
}

static struct grouped grouped(const struct model *model, const uint32_t *slots, size_t n)
{
    size_t body = 0, end = n;
    while (body < end) {
        size_t middle = (body + end) / 2;
        if (slots[middle] < MODEL_GROUP_SLOTS)
            body = middle + 1;
        else
            end = middle;
    }
    struct grouped groups = {.slots = {slots, n > body ? slots + body : NULL},
                             .count = {body, n - body}};
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        groups.root[i] = root_of(i, groups.count[i], add_weights(model, &groups, i), n);
    return groups;
}

/* Of remarks all features are of the body (features.h), of nothing else. */
static bool is_remark(const struct grouped *groups)
{
    return !groups->count[FEATURE_GROUP_OTHER];
}

static int64_t scored_milli(const struct grouped *groups)
{
    return is_remark(groups) ? SCORED_MILLI_OF_REMARKS : SCORED_MILLI;
}

static double scored(const struct grouped *groups)
{
    return (double)scored_milli(groups) / 1000;
}

/* z in 2^-16. */
static int64_t fixed_log_odds(const struct grouped *groups)
{
    int64_t z = 0;
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        if (groups->count[i])
            z += groups->sum[i] * (1ll << 26) / (int64_t)groups->root[i];
    return z;
}

struct model_scale model_scale(const size_t count[FEATURE_GROUPS])
{
    size_t all = 0;
    struct model_scale scale = {{0}};
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        all += count[i];
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        if (count[i])
            scale.of_group[i] = 0x1p16 / (double)root_of(i, count[i], 0, all);
    return scale;
}

struct model_scale model_scale_of_slots(const struct model *model, const uint32_t *slots, size_t n)
{
    struct grouped groups = grouped(model, slots, n);
    struct model_scale scale = {{0}};
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        if (groups.count[i])
            scale.of_group[i] = scored(&groups) * 0x1p16 / (double)groups.root[i];
    return scale;
}

double model_log_odds(const struct model *model, const uint32_t *slots, size_t n)
{
    struct grouped groups = grouped(model, slots, n);
    return scored(&groups) * 0x1p-16 * (double)fixed_log_odds(&groups);
}

double model_slot_log_odds(const struct model *model, uint32_t slot, struct model_scale scale)
{
    return LOAD(model->weights[slot]) * scale.of_group[slot / MODEL_GROUP_SLOTS] / UNITS;
}

/* --- learning --- */

/* 1/(1+e^-z) in 2^-30, of z in 2^-16. */
static uint32_t logistic(const struct model *model, int64_t z)
{
    uint64_t size = (uint64_t)(z < 0 ? -z : z);
    uint64_t step = size >> LOGISTIC_STEP_BITS;
    uint32_t p = model->logistic[LOGISTIC_END];
    if (step < LOGISTIC_END) {
        uint64_t rest = size & ((1u << LOGISTIC_STEP_BITS) - 1);
        uint32_t low = model->logistic[step], high = model->logistic[step + 1];
        p = low + (uint32_t)((high - low) * rest >> LOGISTIC_STEP_BITS);
    }
    return z < 0 ? ONE - p : p;
}

/* Where a document stands before it is taught. */
struct stand {
    struct grouped groups;
    int64_t z;  /* in 2^-16 */
    uint32_t g; /* |label - p| in 2^-30; the sign is the label's */
};

static struct stand stand_of(const struct model *model, const uint32_t *slots, size_t n,
                             enum label label)
{
    struct stand stand = {.groups = grouped(model, slots, n)};
    stand.z = fixed_log_odds(&stand.groups);
    uint32_t p = logistic(model, stand.z);
    stand.g = label == LABEL_SPAM ? ONE - p : p;
    return stand;
}

bool model_knows(const struct model *model, const uint32_t *slots, size_t n, enum label label)
{
    return n && rehearsal_full(model->rehearsal) &&
           stand_of(model, slots, n, label).g < KNOWN_MARGIN;
}

/* A wrong label shows as a large gradient: 1.5 (1 - g), but no less than 0.1. */
static uint32_t softened(uint32_t g)
{
    if (g <= SOFT_FROM)
        return g;
    uint32_t soft = (ONE - g) / 2 * 3;
    return soft > SOFT_LEAST ? soft : SOFT_LEAST;
}

/* A slot's count without `less`. One that is full may have been moved by more: it stays. */
static unsigned lessened(unsigned count, unsigned less)
{
    return count == COUNT_MAX ? count : count > less ? count - less : 0;
}

static uint64_t step_of(const struct grouped *groups)
{
    return is_remark(groups) ? STEP_OF_REMARKS : STEP;
}

/* How far z moves per gradient of 1, in 2^-24: step * sum of x * x afterwards / sqrt(1 + 1.5 c),
 * each c less by `less`. */
static uint64_t reach(const struct model *model, const struct grouped *groups,
                      const struct grouped *after, unsigned less)
{
    uint64_t sum = 0;
    for (size_t group = 0; group < FEATURE_GROUPS; group++) {
        uint64_t slowing = 0;
        for (size_t i = 0; i < groups->count[group]; i++)
            slowing += model->slowing[lessened(LOAD(model->counts[groups->slots[group][i]]), less)];
        if (slowing)
            sum += (((slowing * step_of(groups)) << 16) / groups->root[group] << 16) /
                   after->root[group];
    }
    return sum;
}

/* An untrusted gradient: softened, but for a correction, and no larger than takes z to
 * UNTRUSTED_END, with no slot unknown any more. A first of its kind would else be beyond doubt
 * after one word that may be wrong. */
static uint32_t untrusted_gradient(const struct model *model, const struct stand *stand,
                                   enum label label, bool corrects)
{
    struct grouped after = stand->groups;
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        after.root[i] = root_of(i, after.count[i], 0, after.count[0] + after.count[1]);
    int64_t z = fixed_log_odds(&after);
    int64_t end = is_remark(&after) ? UNTRUSTED_END_OF_REMARKS : UNTRUSTED_END;
    int64_t room = end - (label == LABEL_SPAM ? z : -z);
    if (room < 0)
        return 0;
    uint64_t soft = corrects ? stand->g : softened(stand->g);
    uint64_t moved = soft * reach(model, &stand->groups, &after, 0) >> 38; /* z in 2^-16 */
    return (uint32_t)(moved > (uint64_t)room ? soft * (uint64_t)room / moved : soft);
}

/* What a move by g adds to a slot's count: g^2 in sixteenths. */
static unsigned counted(uint32_t g)
{
    uint64_t half = g >> 15; /* in 2^-15 */
    uint64_t sixteenths = (half * half * 16 + (1u << 29)) >> 30;
    return sixteenths ? (unsigned)sixteenths : 1;
}

/* A step, by which a document's slots are moved towards `label`. Taken back, it is as if nothing
 * had moved them since: what others taught meanwhile has raised their counts, and makes it less. */
struct step {
    enum label label;
    uint32_t g;
    unsigned counted;
    bool back;
};

static void move(struct model *model, const struct grouped *groups, size_t group, struct step step)
{
    uint64_t unit = UNITS * step_of(groups) * 1024;
    uint64_t each = (uint64_t)step.g * unit / groups->root[group]; /* in 2^-24 */
    for (size_t i = 0; i < groups->count[group]; i++) {
        uint32_t slot = groups->slots[group][i];
        assert(slot < MODEL_SLOTS);
        unsigned count = LOAD(model->counts[slot]);
        if (step.back)
            count = lessened(count, step.counted);
        int32_t delta = (int32_t)((each * model->slowing[count] + (1ull << 47)) >> 48);
        int32_t weight = LOAD(model->weights[slot]);
        weight += (step.label == LABEL_SPAM) != step.back ? delta : -delta;
        if (weight > INT16_MAX)
            weight = INT16_MAX;
        if (weight < INT16_MIN)
            weight = INT16_MIN;
        STORE(model->weights[slot], (int16_t)weight);
        if (!step.back)
            count = count + step.counted < COUNT_MAX ? count + step.counted : COUNT_MAX;
        STORE(model->counts[slot], (uint8_t)count);
    }
}

static void move_all(struct model *model, const struct grouped *groups, struct step step)
{
    for (size_t i = 0; i < FEATURE_GROUPS; i++)
        if (groups->count[i])
            move(model, groups, i, step);
}

static uint32_t margin_of(const struct grouped *groups)
{
    return is_remark(groups) ? MARGIN_OF_REMARKS : MARGIN;
}

/* False when the model is within the margin of the label: nothing to learn. `corrects`: it was the
 * other label of the same document that the model has from somebody no more trusted; that it
 * contradicts what is known is no sign of an error then. */
static bool learn(struct model *model, const struct lesson *lesson, const struct stand *stand,
                  bool corrects)
{
    if (stand->g < margin_of(&stand->groups))
        return false;
    uint32_t g = lesson->trust == TRUST_OPERATOR
                     ? stand->g
                     : untrusted_gradient(model, stand, lesson->label, corrects);
    move_all(model, &stand->groups, (struct step){lesson->label, g, counted(g), false});
    return true;
}

/* The other label's lessons in turn with the same label's: the former are what was just endangered,
 * the latter keep that from going too far. Half of them are the latest: what is new is learned in
 * several small steps. */
static void rehearse(struct model *model, enum label taught)
{
    for (unsigned i = 0; i < REHEARSED; i++) {
        enum label label = i % 2 ? taught : (enum label) !taught;
        const struct lesson *earlier = i % 4 < 2 ? rehearsal_next(model->rehearsal, label)
                                                 : rehearsal_next_recent(model->rehearsal, label);
        if (!earlier)
            continue;
        struct stand stand = stand_of(model, earlier->slots, earlier->slot_count, label);
        learn(model, earlier, &stand, false);
    }
}

/* An untrusted label that is softened may be wrong: learned once it does little harm, gone through
 * again and again it would. */
static void learn_and_rehearse(struct model *model, const struct lesson *lesson, uint64_t version)
{
    struct stand stand = stand_of(model, lesson->slots, lesson->slot_count, lesson->label);
    bool corrects = rehearsal_forget(model->rehearsal, lesson);
    if (learn(model, lesson, &stand, corrects))
        rehearse(model, lesson->label);
    if (lesson->trust == TRUST_OPERATOR || corrects || stand.g <= SOFT_FROM)
        rehearsal_remember(model->rehearsal, lesson, version);
}

/* z in 2^-16 of what a score says in thousandths. */
static int64_t unscored(const struct grouped *groups, int32_t milli)
{
    return (int64_t)milli * (1 << 16) / scored_milli(groups);
}

/* Takes back what the lesson taught to a document that was at content_milli then. */
static void unlearn(struct model *model, const struct lesson *lesson)
{
    struct stand stand = stand_of(model, lesson->slots, lesson->slot_count, lesson->label);
    int64_t before = unscored(&stand.groups, lesson->content_milli);
    int64_t room = lesson->label == LABEL_SPAM ? stand.z - before : before - stand.z;
    uint32_t p = logistic(model, before);
    uint32_t g = lesson->label == LABEL_SPAM ? ONE - p : p;
    if (g < margin_of(&stand.groups) || room <= 0)
        return;
    if (lesson->trust != TRUST_OPERATOR)
        g = softened(g);
    struct step step = {lesson->label, g, counted(g), true};
    uint64_t moved = g * reach(model, &stand.groups, &stand.groups, step.counted) >> 38;
    if (moved > (uint64_t)room) /* both are z in 2^-16 */
        step.g = (uint32_t)(g * (uint64_t)room / moved);
    move_all(model, &stand.groups, step);
    rehearse(model, lesson->label); /* others may have said the same, to a model that knew it */
}

static void count_lesson(struct model *model, const struct lesson *lesson)
{
    size_t script = lesson->script < SCRIPTS ? lesson->script : SCRIPT_OTHER;
    uint32_t lessons = LOAD(model->lessons[script][lesson->label]);
    if (!lesson->withdrawn)
        STORE(model->lessons[script][lesson->label], lessons + 1);
    else if (lessons)
        STORE(model->lessons[script][lesson->label], lessons - 1);
}

/* A lesson of other features taught nothing: were it counted, scripts would seem known. */
void model_apply(struct model *model, const struct lesson *lesson, uint64_t version)
{
    if (lesson->feature_version == FEATURE_VERSION) {
        if (lesson->withdrawn) {
            rehearsal_forget(model->rehearsal, lesson);
            unlearn(model, lesson);
        } else if (lesson->slot_count) {
            learn_and_rehearse(model, lesson, version);
        }
        count_lesson(model, lesson);
    }
    STORE(model->version, version);
}

void model_skip(struct model *model, uint64_t version)
{
    STORE(model->version, version);
}

uint64_t model_version(const struct model *model)
{
    return LOAD(model->version);
}

uint32_t model_lessons(const struct model *model, enum script script, enum label label)
{
    return LOAD(model->lessons[script][label]);
}

uint32_t model_fewer_lessons(const struct model *model, enum script script)
{
    uint32_t ham = model_lessons(model, script, LABEL_HAM);
    uint32_t spam = model_lessons(model, script, LABEL_SPAM);
    return ham < spam ? ham : spam;
}
