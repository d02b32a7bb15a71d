#include "tests/unit/teaching.h"

#include "core/features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

struct lesson teaching_lesson(uint64_t number, uint32_t slots[TEACHING_SLOTS])
{
    uint64_t state = number * 0x9e3779b97f4a7c15u | 1;
    enum label label = number % 2 ? LABEL_SPAM : LABEL_HAM;
    for (uint32_t i = 0; i < TEACHING_SLOTS; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        uint32_t word = (uint32_t)(state % 50);
        slots[i] = i * 1000 + word * 2 + (word > 30 ? (uint32_t)label : 0);
    }
    struct lesson lesson = {.label = label,
                            .trust = TRUST_OPERATOR,
                            .source = SPAN("operator"),
                            .time_s = time(NULL),
                            .feature_version = FEATURE_VERSION,
                            .script = SCRIPT_LATIN,
                            .slots = slots,
                            .slot_count = TEACHING_SLOTS};
    memcpy(lesson.document_id, &number, sizeof number);
    lesson_set_event_id(&lesson, number);
    return lesson;
}

void teaching_append(struct counts_store *store, uint64_t first, uint64_t last)
{
    while (first <= last) {
        uint32_t slots[64][TEACHING_SLOTS];
        struct lesson lessons[64];
        const struct lesson *group[64];
        struct append_result results[64];
        size_t count = 0, done;
        struct error error = {0};
        for (; count < 64 && first <= last; count++) {
            lessons[count] = teaching_lesson(first++, slots[count]);
            group[count] = &lessons[count];
        }
        if (!counts_append(store, group, count, results, &done, &error))
            fail_msg("%s", error.message);
        assert_int_equal(done, count);
    }
}

struct model *teaching_model(uint64_t last)
{
    struct model *model = model_new();
    for (uint64_t number = 1; number <= last; number++) {
        uint32_t slots[TEACHING_SLOTS];
        struct lesson lesson = teaching_lesson(number, slots);
        model_apply(model, &lesson, number);
    }
    return model;
}

void teaching_block(struct model *model, enum label label, uint32_t common, uint32_t first,
                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slots[] = {common, first + i};
        struct lesson lesson = {.label = label,
                                .trust = TRUST_OPERATOR,
                                .feature_version = FEATURE_VERSION,
                                .slots = slots,
                                .slot_count = 2};
        memcpy(lesson.document_id, &slots[1], sizeof slots[1]);
        model_apply(model, &lesson, model_version(model) + 1);
    }
}
