/*
 * How latchkey.json is read. A place is a node and the way to it, so that a
 * problem can name where it is:
 *
 *     servers.todo.runtime: expected an https URL, found "ftp://mcp.example.com"
 *
 * Every function returns MALFORMED when the document is wrong there; the
 * sentence is then in reader->problem. A secret never stands in a problem. Values
 * that are handed out are copies in `kept`; a place's name and node are not.
 */
#ifndef APP_READER_H
#define APP_READER_H

#include "app/config.h"
#include "jose/jwk.h"
#include "text/json.h"

struct reader {
    struct arena *kept;    /* for what the gateway holds */
    struct arena *scratch; /* for the tree, and all else on the way */
    const struct secrets *secrets;
    struct gateway *gateway; /* what has been read so far */
    struct span problem;
};

struct place {
    const struct place *in; /* NULL for the document itself */
    struct span name;
    const struct json *node; /* NULL when the member is missing */
};

/* A member of an object by name, and one of its children. */
struct place place_of(const struct place *in, const char *name);
struct place place_at(const struct place *in, const struct json *child);

static inline bool place_given(const struct place *p)
{
    return p->node != NULL;
}

/* "{place}: expected {expected}, found {what is there}" */
enum result reader_expected(struct reader *r, const struct place *p, const char *expected) MUST_USE;
/* "{place}: {sentence}" */
enum result reader_problem(struct reader *r, const struct place *p, struct span sentence) MUST_USE;

/* An object with no members but these, separated by spaces. */
enum result reader_object(struct reader *r, const struct place *p, const char *members) MUST_USE;

/* A string that is not empty; in reader_text_or, `fallback` when it is missing. */
enum result reader_text(struct reader *r, const struct place *p, struct span *value) MUST_USE;
enum result reader_text_or(struct reader *r, const struct place *p, struct span fallback,
                           struct span *value) MUST_USE;

/* An absolute https URL without user or fragment; http on loopback while in development. */
enum result reader_url(struct reader *r, const struct place *p, struct span *value) MUST_USE;
/* The same; ABSENT when it is missing. */
enum result reader_url_or_absent(struct reader *r, const struct place *p,
                                 struct span *value) MUST_USE;

/* An origin in its canonical form: https, or http on loopback. */
enum result reader_origin(struct reader *r, const struct place *p, struct span *value) MUST_USE;

/* A whole number; `fallback` when it is missing. */
enum result reader_number(struct reader *r, const struct place *p, uint64_t fallback, uint64_t min,
                          uint64_t max, uint64_t *value) MUST_USE;

/* An id of ours: it becomes part of URLs. The name of the place, not its value. */
enum result reader_id(struct reader *r, const struct place *p) MUST_USE;

/* Names of scopes in an array, put together with spaces, each once. Missing: empty. */
enum result reader_scopes(struct reader *r, const struct place *p, struct span *scopes) MUST_USE;

/* The value of the secret that {"secret": "NAME"} names. */
enum result reader_secret(struct reader *r, const struct place *p, struct span *value) MUST_USE;
/* By its name; ABSENT when it is not set. */
struct span reader_secret_named(const struct reader *r, struct span name);
/* A JWK with a private P-256 key, from a secret. kid: its own, else its thumbprint. */
enum result reader_private_key(struct reader *r, const struct place *p, struct p256_private *key,
                               struct span *kid) MUST_USE;

/* The parts of the document: config_profile.c, config_server.c, config_client.c. */
enum result config_profiles(struct reader *r, const struct place *p) MUST_USE;
enum result config_servers(struct reader *r, const struct place *p) MUST_USE;
enum result config_clients(struct reader *r, const struct place *p) MUST_USE;

#endif
