/* model_cells: what a model is made of, for model.c, which learns and scores, and model_snapshot.c.
 */
#ifndef WEIR_MODEL_CELLS_H
#define WEIR_MODEL_CELLS_H

#include "core/model.h"
#include "core/rehearsal.h"

#include <stdatomic.h>

#define COUNT_MAX 255
#define LOGISTIC_END 512 /* steps of 1/32: z = 16, where p is 1 - 1.1e-7 */

struct model {
    _Atomic int16_t weights[MODEL_SLOTS];
    _Atomic uint8_t counts[MODEL_SLOTS];
    _Atomic uint32_t lessons[SCRIPTS][2];
    _Atomic uint64_t version;
    uint32_t logistic[LOGISTIC_END + 1]; /* p at z = i/32, in 2^-30 */
    uint32_t slowing[COUNT_MAX + 1];     /* 1/sqrt(1 + 1.5 c/16), in 2^-24 */
    struct rehearsal *rehearsal;         /* the writer's alone */
};

#define LOAD(cell) atomic_load_explicit(&(cell), memory_order_relaxed)
#define STORE(cell, value) atomic_store_explicit(&(cell), value, memory_order_relaxed)

#endif
