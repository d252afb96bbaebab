#include "text/json.h"

#include "cJSON.h"

/*
 * The arena of the parse that is running, set for the duration of json_parse
 * only. cJSON is compiled to call the three functions below in place of malloc,
 * realloc and free: no other allocator is linked. (cJSON itself keeps two more
 * statics: its hooks, which are these, and where it met its last error.)
 */
static struct arena *parsing;

void *json_tree_allocate(size_t size);
void *json_tree_reallocate(void *memory, size_t size);
void json_tree_release(void *memory);

void *json_tree_allocate(size_t size)
{
    return arena_alloc(parsing, 1, size);
}

/* For cJSON's printing, which we do not use. */
void *json_tree_reallocate(void *memory, size_t size)
{
    (void)memory;
    (void)size;
    __builtin_trap();
}

void json_tree_release(void *memory)
{
    (void)memory; /* the arena is wiped as a whole */
}

enum result json_parse(struct arena *a, struct span text, const struct json **root)
{
    return text.size > JSON_MAX_TREE_SIZE ? TOO_LARGE : json_parse_trusted(a, text, root);
}

enum result json_parse_trusted(struct arena *a, struct span text, const struct json **root)
{
    if (text.size > JSON_MAX_TRUSTED_SIZE)
        return TOO_LARGE;
    TRY(json_scan(a, text, NULL, 0));

    parsing = a;
    /* The copy ends with the NUL that cJSON wants to see. */
    struct span copy = span_copy(a, text);
    const cJSON *tree =
        cJSON_ParseWithLengthOpts((const char *)copy.data, copy.size + 1, NULL, true);
    parsing = NULL;
    if (tree == NULL)
        return MALFORMED;
    *root = (const struct json *)tree;
    return OK;
}

static const cJSON *tree_of(const struct json *node)
{
    return (const cJSON *)node;
}

bool json_is_object(const struct json *node)
{
    return cJSON_IsObject(tree_of(node));
}

bool json_is_array(const struct json *node)
{
    return cJSON_IsArray(tree_of(node));
}

bool json_is_string(const struct json *node)
{
    return cJSON_IsString(tree_of(node));
}

bool json_is_number(const struct json *node)
{
    return cJSON_IsNumber(tree_of(node));
}

bool json_is_null(const struct json *node)
{
    return cJSON_IsNull(tree_of(node));
}

const struct json *json_first(const struct json *node)
{
    return node == NULL ? NULL : (const struct json *)tree_of(node)->child;
}

const struct json *json_next(const struct json *node)
{
    return node == NULL ? NULL : (const struct json *)tree_of(node)->next;
}

size_t json_count(const struct json *node)
{
    size_t count = 0;
    for (const struct json *child = json_first(node); child != NULL; child = json_next(child))
        count++;
    return count;
}

struct span json_name(const struct json *node)
{
    if (node == NULL || tree_of(node)->string == NULL)
        return ABSENT;
    return span_of(tree_of(node)->string);
}

const struct json *json_member(const struct json *object, struct span name)
{
    if (!json_is_object(object))
        return NULL;
    const struct json *child = json_first(object);
    while (child != NULL && !span_equal(json_name(child), name))
        child = json_next(child);
    return child;
}

/* The scanner lets no NUL pass, so cJSON's strings end where they seem to end. */
struct span json_text(const struct json *node)
{
    return json_is_string(node) ? span_of(tree_of(node)->valuestring) : ABSENT;
}

struct span json_member_text(const struct json *object, struct span name)
{
    return json_text(json_member(object, name));
}

enum result json_u64(const struct json *node, uint64_t *value)
{
    if (node == NULL)
        return NOT_FOUND;
    if (!json_is_number(node))
        return MALFORMED;
    double number = tree_of(node)->valuedouble;
    if (!(number >= 0 && number <= (double)JSON_MAX_WHOLE))
        return MALFORMED;
    uint64_t whole = (uint64_t)number;
    if ((double)whole != number)
        return MALFORMED;
    *value = whole;
    return OK;
}

enum result json_bool(const struct json *node, bool fallback, bool *value)
{
    if (node != NULL && !cJSON_IsBool(tree_of(node)))
        return MALFORMED;
    *value = node == NULL ? fallback : cJSON_IsTrue(tree_of(node));
    return OK;
}
