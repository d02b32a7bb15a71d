/* recipient: addresses of envelopes, as records keep them (one text, commas between them) and as
 * people have them. An address comes from outside and may be any text. */
#ifndef WEIR_RECIPIENT_H
#define WEIR_RECIPIENT_H

#include <stdbool.h>
#include <stddef.h>

#define RECIPIENT_MAX 254 /* RFC 5321, 4.5.3.1.3, less the angle brackets */

/* Of the first address in `text`: up to the next comma that is not within quotes (RFC 5321, 4.1.2:
 * "a,b"@example.org), or the end. */
size_t recipient_length(const char *text);

/* The address in the one form that people's lists and links know: ASCII, lower case, a domain of
 * other letters as the DNS has it (core/url_host.h), as identities have it. False when it is none
 * that a letter can be written to: a local part of atoms or a quoted string, printable ASCII all of
 * it, and a domain of letters, digits, hyphens and dots. */
bool recipient_normal(const char *text, size_t length, char normal[RECIPIENT_MAX + 1]);

/* A sender as lists are asked for it: its normal form; of an address that has none, since its local
 * part is not as it has to be, '@' and the domain, which lists may have. False: there is no domain
 * either. */
bool recipient_sender_normal(const char *text, size_t length, char normal[RECIPIENT_MAX + 1]);

/* Whether `recipients`, one text of all, is the one address whose normal form is `normal`, however
 * often it is there. */
bool recipient_is_alone(const char *recipients, const char *normal);

/* Whether it is one of them. */
bool recipient_is_among(const char *recipients, const char *normal);

/* An entry of a person's list in its one form: an address, or a domain, with or without an '@'
 * before it, which then has a dot. */
bool recipient_entry_normal(const char *text, char normal[RECIPIENT_MAX + 1]);

/* What stands behind the last '@'; empty: nothing does. */
const char *recipient_domain(const char *address);

#endif
