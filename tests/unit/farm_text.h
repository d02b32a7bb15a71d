/* farm_text: a list of keywords as link farms have them, and a text that it has nothing to do with.
 */
#ifndef WEIR_TEST_FARM_TEXT_H
#define WEIR_TEST_FARM_TEXT_H

#define FARM                                                                                       \
    "casino bonus | free casino slots | online poker | casino online | poker bonus | slots bonus " \
    "| free poker | online slots | casino poker | free bonus casino | online bonus | slots "       \
    "casino | poker slots | free slots online | poker casino | bonus slots online | free online "  \
    "casino | poker online bonus | slots for free | online casino bonus | free poker slots "

#define ABOUT_LOCKS                                                                                \
    "The lock opened an hour late this morning, since the gate had frozen in the night. Boats "    \
    "waited at the lower quay, and the keeper walked along with tea. By ten the ice was broken "   \
    "and the first barge went up; the last one came through at dusk. "

#endif
