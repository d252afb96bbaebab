#include "text/json.h"

#include "text/ascii.h"
#include "text/json_string.h"

#include <string.h>

struct scanner {
    const uint8_t *at;
    const uint8_t *end;
    struct arena *a;
    struct json_pick *picks;
    uint32_t depth;
    uint32_t objects; /* begun so far: the last one's number */

    uint64_t *names;    /* an open table of the hashes of all names; 0 marks a free slot */
    uint32_t name_room; /* a power of two */
    uint32_t name_count;
};

static void skip_space(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

/* Behind white space, takes the byte if it stands there. */
static bool take(struct scanner *s, uint8_t byte)
{
    skip_space(s);
    if (s->at == s->end || *s->at != byte)
        return false;
    s->at++;
    return true;
}

/* A string; *content is what stands between its quotes. */
static enum result scan_string(struct scanner *s, struct span *content, bool *escaped)
{
    TRY(json_string(span_bytes(s->at, (size_t)(s->end - s->at)), content, escaped));
    s->at = content->data + content->size + 1;
    return OK;
}

/* ---- names ---- */

/*
 * A name is known by a hash of 64 bits of what it means and of the object that it
 * stands in. Two names share one by chance once in 2^64 pairs; whoever makes
 * such names has his document refused, as if a name stood there twice.
 *
 * So many slots are tried for one. The table is at most half full, so a longer
 * search happens to one name in 2^32, unless somebody chose the names for it;
 * then, too, the document is refused, before it costs quadratic time.
 */
enum { MAX_PROBES = 32, FIRST_NAME_ROOM = 64 };

/* Eight bytes of what the name means; fewer only at its end, with zeroes, which no name has. */
static bool next_word(struct json_letters *letters, bool escaped, uint64_t *word)
{
    uint8_t bytes[8] = {0};
    size_t size = 0;
    if (escaped) {
        while (size < 8 && json_letter(letters, &bytes[size]))
            size++;
    } else {
        size = span_first(letters->rest, 8).size;
        memcpy(bytes, letters->rest.data, size);
        letters->rest = span_skip(letters->rest, size);
    }
    memcpy(word, bytes, 8);
    return size > 0;
}

/* As MurmurHash64A mixes; never 0. */
static uint64_t name_hash(struct span name, bool escaped, uint32_t object)
{
    const uint64_t odd = 0xc6a4a7935bd1e995;
    struct json_letters letters = {.rest = name};
    uint64_t hash = object * odd;
    uint64_t word;
    while (next_word(&letters, escaped, &word)) {
        word *= odd;
        word ^= word >> 47;
        hash = (hash ^ word * odd) * odd;
    }
    return hash != 0 ? hash : 1;
}

/* Where the hash stands or would stand; NULL when that takes too many probes. */
static uint64_t *find_name(const struct scanner *s, uint64_t hash)
{
    uint32_t first = (uint32_t)(hash >> 48);
    uint32_t step = (uint32_t)(hash >> 32) | 1; /* odd: visits every slot */
    for (uint32_t i = 0; i < MAX_PROBES; i++) {
        uint64_t *slot = &s->names[(first + i * step) & (s->name_room - 1)];
        if (*slot == 0 || *slot == hash)
            return slot;
    }
    return NULL;
}

static enum result grow_names(struct scanner *s)
{
    const uint64_t *old = s->names;
    uint32_t old_room = s->name_room;
    s->name_room = old_room == 0 ? FIRST_NAME_ROOM : 4 * old_room;
    s->names = ARENA_ARRAY(s->a, s->name_room, uint64_t);
    for (uint32_t i = 0; i < old_room; i++) {
        if (old[i] == 0)
            continue;
        uint64_t *slot = find_name(s, old[i]);
        if (slot == NULL)
            return TOO_LARGE;
        *slot = old[i];
    }
    return OK;
}

/* RFC 8259 section 4: of two members with the same name every parser picks one of its own. */
static enum result add_name(struct scanner *s, uint64_t hash)
{
    if (s->name_count == JSON_MAX_MEMBERS)
        return TOO_LARGE;
    if (2 * s->name_count >= s->name_room)
        TRY(grow_names(s));
    uint64_t *slot = find_name(s, hash);
    if (slot == NULL)
        return TOO_LARGE;
    if (*slot == hash)
        return MALFORMED;
    *slot = hash;
    s->name_count++;
    return OK;
}

static bool name_is(struct span name, bool escaped, struct span wanted)
{
    struct json_letters letters = {.rest = name};
    uint8_t byte;
    if (!escaped)
        return span_equal(name, wanted);
    for (size_t i = 0; i < wanted.size; i++)
        if (!json_letter(&letters, &byte) || byte != wanted.data[i])
            return false;
    return !json_letter(&letters, &byte);
}

/* ---- numbers ---- */

/*
 * Whether a double holds ddd.ddd * 10^exponent: it is below 10^308, or its 17
 * leading digits are at most those of the greatest double.
 */
static bool is_in_range(struct span mantissa, int64_t exponent)
{
    static const char greatest[] = "17976931348623157";
    size_t point = span_find(mantissa, '.');
    size_t first = 0; /* the first digit that counts */
    while (first < mantissa.size && (mantissa.data[first] == '0' || first == point))
        first++;
    if (first == mantissa.size)
        return true;
    int64_t power = exponent + (int64_t)point - (int64_t)first - (first < point ? 1 : 0);
    if (power != 308)
        return power < 308;
    for (size_t i = 0, at = first; greatest[i] != 0; i++, at++) {
        if (at == point)
            at++;
        char digit = at < mantissa.size ? (char)mantissa.data[at] : '0';
        if (digit != greatest[i])
            return digit < greatest[i];
    }
    return true;
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && ascii_is_digit(*at))
        at++;
    return at;
}

/* RFC 8259 section 6: [ "-" ] int [ frac ] [ exp ] */
static enum result scan_number(struct scanner *s)
{
    enum { NEVER_TOO_LARGE = 300, EXPONENT_CEILING = 1000000000 };
    const uint8_t *start = s->at + (*s->at == '-' ? 1 : 0);
    const uint8_t *at = skip_digits(start, s->end);
    if (at == start || (*start == '0' && at - start > 1))
        return MALFORMED;
    if (at < s->end && *at == '.') {
        const uint8_t *fraction = at + 1;
        at = skip_digits(fraction, s->end);
        if (at == fraction)
            return MALFORMED;
    }
    struct span mantissa = span_bytes(start, (size_t)(at - start));
    int64_t exponent = 0;
    if (at < s->end && (*at == 'e' || *at == 'E')) {
        at++;
        bool negative = at < s->end && *at == '-';
        if (at < s->end && (*at == '-' || *at == '+'))
            at++;
        const uint8_t *digits = at;
        at = skip_digits(digits, s->end);
        if (at == digits)
            return MALFORMED;
        for (; digits < at && exponent < EXPONENT_CEILING; digits++)
            exponent = exponent * 10 + (*digits - '0');
        exponent = negative ? -exponent : exponent;
    }
    if ((exponent > 0 || mantissa.size > NEVER_TOO_LARGE) && !is_in_range(mantissa, exponent))
        return MALFORMED;
    s->at = at;
    return OK;
}

/* ---- values ---- */

static enum result scan_value(struct scanner *s, uint32_t wanted);

/* The name at this level of a pick's path, 0 for the root object's member. */
static struct span path_name(const char *path, uint32_t level, bool *last)
{
    struct span name;
    struct span rest = span_cut(span_of(path), '/', &name);
    for (; level > 0; level--)
        rest = span_cut(rest, '/', &name);
    *last = !span_present(rest);
    return name;
}

/* `wanted` holds a bit for each pick whose path has led to this object. */
static enum result scan_member(struct scanner *s, uint32_t object, uint32_t wanted)
{
    struct span name;
    bool escaped;
    skip_space(s);
    if (s->at == s->end || *s->at != '"')
        return MALFORMED;
    TRY(scan_string(s, &name, &escaped));
    TRY(add_name(s, name_hash(name, escaped, object)));
    if (!take(s, ':'))
        return MALFORMED;

    uint32_t found = 0;
    uint32_t deeper = 0;
    for (uint32_t i = 0; wanted >> i != 0; i++) {
        bool last;
        if ((wanted >> i & 1) == 0 ||
            !name_is(name, escaped, path_name(s->picks[i].path, s->depth - 1, &last)))
            continue;
        *(last ? &found : &deeper) |= 1u << i;
    }
    skip_space(s);
    const uint8_t *start = s->at;
    TRY(scan_value(s, deeper));
    for (uint32_t i = 0; found >> i != 0; i++)
        if ((found >> i & 1) != 0)
            s->picks[i].raw = span_bytes(start, (size_t)(s->at - start));
    return OK;
}

static enum result scan_object(struct scanner *s, uint32_t wanted)
{
    uint32_t object = ++s->objects;
    s->at++;
    if (take(s, '}'))
        return OK;
    do {
        TRY(scan_member(s, object, wanted));
    } while (take(s, ','));
    return take(s, '}') ? OK : MALFORMED;
}

static enum result scan_array(struct scanner *s)
{
    s->at++;
    if (take(s, ']'))
        return OK;
    do {
        TRY(scan_value(s, 0));
    } while (take(s, ','));
    return take(s, ']') ? OK : MALFORMED;
}

static enum result scan_word(struct scanner *s, struct span word)
{
    if (!span_starts(span_bytes(s->at, (size_t)(s->end - s->at)), word))
        return MALFORMED;
    s->at += word.size;
    return OK;
}

static enum result scan_value(struct scanner *s, uint32_t wanted)
{
    struct span content;
    bool escaped;
    skip_space(s);
    if (s->at == s->end)
        return MALFORMED;
    switch (*s->at) {
    case '{':
    case '[':
        if (s->depth == JSON_MAX_DEPTH)
            return TOO_LARGE;
        s->depth++;
        TRY(*s->at == '{' ? scan_object(s, wanted) : scan_array(s));
        s->depth--;
        return OK;
    case '"':
        return scan_string(s, &content, &escaped);
    case 't':
        return scan_word(s, SPAN("true"));
    case 'f':
        return scan_word(s, SPAN("false"));
    case 'n':
        return scan_word(s, SPAN("null"));
    default:
        return scan_number(s);
    }
}

static struct scanner scanner_make(struct arena *a, struct span text)
{
    const uint8_t *end = text.data == NULL ? NULL : text.data + text.size;
    return (struct scanner){.at = text.data, .end = end, .a = a};
}

enum result json_scan(struct arena *a, struct span text, struct json_pick *picks, size_t count)
{
    struct scanner s = scanner_make(a, text);
    s.picks = picks;
    for (size_t i = 0; i < count; i++)
        picks[i].raw = ABSENT;

    enum result result = scan_value(&s, (1u << count) - 1);
    skip_space(&s);
    if (result == OK && s.at != s.end)
        result = MALFORMED;
    for (size_t i = 0; i < count && result != OK; i++)
        picks[i].raw = ABSENT; /* nothing of a document that is refused gets out */
    return result;
}

size_t json_scan_reach(struct arena *a, struct span text)
{
    struct scanner s = scanner_make(a, text);
    if (scan_value(&s, 0) == OK)
        skip_space(&s);
    return (size_t)(s.at - text.data);
}

char json_kind(struct span raw)
{
    if (raw.size == 0)
        return 0;
    uint8_t c = raw.data[0];
    if (c == '-' || ascii_is_digit(c))
        return '0';
    return span_has(SPAN("{[\"tfn"), c) ? (char)c : 0;
}
