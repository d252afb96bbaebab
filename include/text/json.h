/*
 * JSON (RFC 8259), strictly. cJSON repairs and guesses; so every document is
 * first walked by a scanner of our own, which refuses whatever two parsers
 * could read differently: bad UTF-8, any deviation from the grammar, a
 * duplicate name (after unescaping), NUL, numbers out of range. What has
 * passed it is either looked up in place (json_pick) or, when small, read into
 * cJSON's tree. json.c is the only file that sees cJSON.
 */
#ifndef TEXT_JSON_H
#define TEXT_JSON_H

#include "base/span.h"

enum {
    JSON_MAX_DEPTH = 32,
    JSON_MAX_MEMBERS = 32768,       /* of all objects in a document together */
    JSON_MAX_TREE_SIZE = 65536,     /* bytes of a document that json_parse reads */
    JSON_MAX_TRUSTED_SIZE = 4 << 20 /* ... and json_parse_trusted */
};

/* 2^53 - 1 (RFC 7493 section 2.2): above it a double no longer tells neighbours apart. */
static const uint64_t JSON_MAX_WHOLE = 9007199254740991;

/*
 * One value to be found while scanning: `path` is names from the root object
 * downwards, separated by '/', e.g. "params/name" (names with '/' cannot be
 * asked for). `raw` receives the value's text as it stands, a string with its
 * quotes; ABSENT when it is not there.
 */
struct json_pick {
    const char *path;
    struct span raw;
};

/*
 * Checks the whole text and fills the picks. Not OK: MALFORMED, or TOO_LARGE
 * for depth and members; then all picks are ABSENT. `count` is at most 16. Time
 * is linear in the text, whoever chose the names; memory is at most 1 MiB, for a table of them.
 */
enum result json_scan(struct arena *a, struct span text, struct json_pick *picks,
                      size_t count) MUST_USE;

/* How far json_scan comes with a text that it refuses: in bytes, to where the mistake is seen. */
size_t json_scan_reach(struct arena *a, struct span text);

/* What kind of value a raw text is, by its first byte: '{' '[' '"' 't' 'f' 'n' '0', or 0. */
char json_kind(struct span raw);

/* The content of a raw string, unescaped. MALFORMED when raw is no string. */
enum result json_unquote(struct arena *a, struct span raw, struct span *value) MUST_USE;

/* A tree of a document of at most JSON_MAX_TREE_SIZE bytes, scanned first; lives in the arena. */
struct json;
enum result json_parse(struct arena *a, struct span text, const struct json **root) MUST_USE;
/* The same for a document of our own, which may be larger; as strict otherwise. */
enum result json_parse_trusted(struct arena *a, struct span text,
                               const struct json **root) MUST_USE;

/* All look-ups accept a NULL node and then find nothing; names compare exactly. */
const struct json *json_member(const struct json *object, struct span name);
bool json_is_object(const struct json *node);
bool json_is_array(const struct json *node);
bool json_is_string(const struct json *node);
bool json_is_number(const struct json *node);
bool json_is_null(const struct json *node);

/* The text of a string; ABSENT for anything else. A view of the tree. */
struct span json_text(const struct json *node);
struct span json_member_text(const struct json *object, struct span name);

/* A whole number in 0..JSON_MAX_WHOLE, 1e3 and 2.0 among them; MALFORMED for anything else,
 * NOT_FOUND for NULL. */
enum result json_u64(const struct json *node, uint64_t *value) MUST_USE;

/* true or false; `fallback` for NULL; MALFORMED for anything else. */
enum result json_bool(const struct json *node, bool fallback, bool *value) MUST_USE;

/* Children of an array or an object, in order. */
size_t json_count(const struct json *node);
const struct json *json_first(const struct json *node);
const struct json *json_next(const struct json *node);
struct span json_name(const struct json *node); /* of a member; ABSENT in an array */

/*
 * A writer. Commas come by themselves; an ABSENT value leaves its
 * member out. Strings must be UTF-8 (invalid bytes are written as U+FFFD).
 *
 *     struct json_writer w = json_writer_make(a, 512);
 *     json_begin(&w, '{');
 *     json_put_text(&w, "issuer", issuer);
 *     json_end(&w, '}');
 *     body = json_written(&w);
 */
struct json_writer {
    struct builder out;
    bool comma;
};

struct json_writer json_writer_make(struct arena *a, size_t max);

/* '{' or '['; inside an object with a name. */
void json_begin(struct json_writer *w, char bracket);
void json_begin_member(struct json_writer *w, const char *name, char bracket);
void json_end(struct json_writer *w, char bracket);
void json_put_text(struct json_writer *w, const char *name, struct span value);
void json_put_u64(struct json_writer *w, const char *name, uint64_t value);
void json_put_bool(struct json_writer *w, const char *name, bool value);
void json_put_raw(struct json_writer *w, const char *name, struct span json);
/* A member whose name is not a literal. */
void json_put_text_at(struct json_writer *w, struct span name, struct span value);
void json_add_text(struct json_writer *w, struct span value); /* in an array */
void json_add_raw(struct json_writer *w, struct span json);

/* ABSENT if the maximum was too small. */
struct span json_written(const struct json_writer *w);

#endif
