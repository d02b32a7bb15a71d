/* teaching: numbered lessons, the same in every test and every run. */
#ifndef WEIR_TEST_TEACHING_H
#define WEIR_TEST_TEACHING_H

#include "core/model.h"
#include "store/counts.h"

#define TEACHING_SLOTS 20

/* Lesson number `number`: of a document of its own, odd ones spam, with TEACHING_SLOTS features
 * that lessons of the same label share in part. `slots` is the lesson's. */
struct lesson teaching_lesson(uint64_t number, uint32_t slots[TEACHING_SLOTS]);

/* Appends the lessons `first` to `last`; fails the test when the store does not take them. */
void teaching_append(struct counts_store *store, uint64_t first, uint64_t last);

/* Teaches `count` lessons about distinct documents: slot `common` in each, and one of its own, from
 * `first` on. */
void teaching_block(struct model *model, enum label label, uint32_t common, uint32_t first,
                    uint32_t count);

/* A model that was taught the lessons 1 to `last` and nothing else. */
struct model *teaching_model(uint64_t last);

#endif
