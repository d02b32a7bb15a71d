/* counts_contract: what the tests of counts.h share. Each runs on every kind of store, with an
 * empty one of its own. */
#ifndef WEIR_TEST_COUNTS_CONTRACT_H
#define WEIR_TEST_COUNTS_CONTRACT_H

#include "store/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/counts_place.h"

struct fixture {
    struct counts_place *place;
    struct counts_store *store;
    struct error error;
};

int contract_set_up(void **state);
int contract_tear_down(void **state);
#define contract(test) on_each_store(test, contract_set_up, contract_tear_down)

#define good(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s", fixture->error.message);                                                \
    } while (0)

extern const struct identity host, odd;

/* A lesson about document `document` by the operator, now, that names `host`. */
struct lesson lesson_about(unsigned document, enum label label, uint64_t sequence);

struct append_result append(struct fixture *fixture, const struct lesson *lesson);
struct append_result teach(struct fixture *fixture, unsigned document, enum label label,
                           uint64_t sequence);
struct reputation_counts read_one(struct fixture *fixture, const struct identity *identity);

/* Equal but for a thousandth, which rounding may cost. */
void assert_near(uint32_t count, uint32_t expected);

#endif
