/* gathering: a mail to be completed, with a configuration of its own, and what its identities are.
 */
#ifndef WEIR_TEST_GATHERING_H
#define WEIR_TEST_GATHERING_H

#include "core/config.h"
#include "core/document.h"

/* What each test begins with: an empty mail, and no lists. */
extern struct document *mail;
extern struct config config;

int gathering_set_up(void **state);
int gathering_tear_down(void **state);
#define ON_MAIL(test) cmocka_unit_test_setup_teardown(test, gathering_set_up, gathering_tear_down)

/* The list with the domains of `text`, a line each. */
struct domain_list *list_of(const char *text);

/* By all gatherers there are. */
void gather(struct document *document);

bool has(const struct document *document, enum identity_type type, const char *value);
size_t count_of(const struct document *document, enum identity_type type);

#endif
