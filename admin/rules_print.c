#include "admin/rules_print.h"

#include <stdio.h>

#include "admin/records_text.h"
#include "admin/rule_settings.h"

static void print_rule(const struct rule *rule, const struct rule_counts *counts)
{
    char action[RULE_ACTION_SIZE];
    printf("%-16s %-15s %8zu  ", rule_settings_action(rule, action),
           rule->channels == CHANNEL_ANY    ? "mail and feeds"
           : rule->channels == CHANNEL_MAIL ? "mail"
                                            : "feeds",
           counts->past);
    records_text_plain(rule->name);
    printf("%s%s\n", rule->specific ? "  (for some only)" : "", rule->dry ? "  (on trial)" : "");
}

void rules_print(const struct rules *rules, const struct rule_preview *matched)
{
    if (!rules_count(rules))
        puts("there are no rules; weirctl rules apply FILE puts some in force");
    else
        printf("%-16s %-15s %8s  (matched, of the last %zu verdicts here)\n", "action", "on",
               "matched", matched->past);
    for (size_t i = 0; i < rules_count(rules); i++)
        print_rule(rules_at(rules, i), &matched->rules[i]);
}

void rules_print_changes(const json_t *changes, const char *time)
{
    for (size_t i = 0; i < json_array_size(changes); i++) {
        char when[32];
        const json_t *change = json_array_get(changes, i);
        const char *who = json_string_value(json_object_get(change, "who"));
        const char *what = json_string_value(json_object_get(change, "what"));
        printf("%s  ", records_text_time(json_integer_value(json_object_get(change, time)), when));
        records_text_plain(who ? who : "?");
        fputs("  ", stdout);
        records_text_plain(what ? what : "?");
        putchar('\n');
    }
    if (!json_array_size(changes))
        puts("the rules were never changed");
}

static void print_count(size_t count, size_t unknown)
{
    char text[48];
    if (unknown)
        snprintf(text, sizeof text, "%zu (+%zu ?)", count, unknown);
    else
        snprintf(text, sizeof text, "%zu", count);
    printf("%14s", text);
}

void rules_print_preview(const struct rules *rules, const struct rule_preview *preview)
{
    bool unknown = false;
    printf("%14s%14s  rule (%zu held, %zu past verdicts looked at)\n", "held", "past",
           preview->held, preview->past);
    for (size_t i = 0; i < rules_count(rules); i++) {
        char action[RULE_ACTION_SIZE];
        const struct rule_counts *counts = &preview->rules[i];
        print_count(counts->held, counts->held_unknown);
        print_count(counts->past, counts->past_unknown);
        printf("  %s: ", rule_settings_action(rules_at(rules, i), action));
        records_text_plain(rules_at(rules, i)->name);
        puts(rules_at(rules, i)->dry ? "  (on trial)" : "");
        unknown = unknown || counts->held_unknown || counts->past_unknown;
    }
    printf("of what is held, rules would let %zu go; of what passed, they would have held %zu, and "
           "let pass %zu of what did not\n",
           preview->held_let_go, preview->past_held, preview->past_let);
    if (unknown)
        puts("?: cannot be told, since no bodies are kept: of mail, and of the history, only "
             "envelope and subject are known; held items of feeds are whole");
    puts("nothing is changed yet: weirctl rules apply does it");
}
