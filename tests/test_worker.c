/* The module's exports, called as a host calls them (docs/host.md). */
#include "base/pack.h"
#include "edge.h"
#include "host.h"

uint8_t *input(uint32_t size);
const uint8_t *configure(uint32_t size);
const uint8_t *run(uint32_t size);
uint32_t output_size(void);
void wipe(void);

static struct arena arena;

#define CONFIG                                                                                 \
    "{\"issuer\":\"https://mcp.acme.dev\",\"profiles\":{\"p\":{\"issuer\":"                    \
    "\"https://login.acme.dev\",\"client_id\":\"latchkey\"}},\"servers\":{\"s\":{\"runtime\":" \
    "\"https://api.acme.dev/mcp\",\"profile\":\"p\"}}}"

static void put(struct span bytes)
{
    uint8_t *place = input((uint32_t)bytes.size);
    if (CHECK(place != NULL))
        memcpy(place, bytes.data, bytes.size);
}

/* What configure makes of it; the number of secrets may be a lie. */
static struct span configured(struct span text, struct span root, uint32_t secrets)
{
    struct builder b = builder_make(&arena, 128 + text.size + root.size);
    pack_span(&b, text);
    pack_u32(&b, secrets);
    pack_span(&b, SPAN("LATCHKEY_SECRET"));
    pack_span(&b, root);
    put(built(&b));
    const uint8_t *problem = configure((uint32_t)b.size);
    return span_copy(&arena, span_bytes(problem, output_size()));
}

static void test_configure(void)
{
    struct span root = SPAN("the-root-secret-of-this-test-0123");
    struct span malformed = SPAN("The host gave a malformed list of secrets.");
    CHECK(span_starts(configured(SPAN("{"), root, 1), SPAN("latchkey.json: line 1 is not JSON")));
    CHECK(span_contains(configured(SPAN(CONFIG), SPAN("short"), 1), SPAN("LATCHKEY_SECRET")));
    check_row("fewer secrets than were named, and more");
    CHECK_SPAN(configured(SPAN(CONFIG), root, 0), malformed);
    CHECK_SPAN(configured(SPAN(CONFIG), root, 2), malformed);
    CHECK_SPAN(configured(SPAN(CONFIG), root, 1000), malformed);
    check_row("in the end, nothing is wrong");
    CHECK_SPAN(configured(SPAN(CONFIG), root, 1), SPAN(""));
    wipe();
    check_row(NULL);
}

static void test_run(void)
{
    static const uint8_t seed[SEED_SIZE] = {1};
    struct builder b = builder_make(&arena, 256);
    pack_u64(&b, 1800000000);
    pack_span(&b, span_bytes(seed, sizeof seed));
    pack_span(&b, SPAN("GET"));
    pack_span(&b, SPAN("https://mcp.acme.dev/health"));
    pack_u32(&b, 0);
    put(built(&b));
    const uint8_t *output = run((uint32_t)b.size);
    struct unpacker u = unpack_make(span_bytes(output, output_size()));
    CHECK_INT(unpack_u8(&u), 0); /* a response */
    CHECK_INT(unpack_u32(&u), 200);
    check_row("nothing of it stays");
    wipe();
    for (size_t i = 0; i < b.size; i++)
        CHECK_INT(input((uint32_t)b.size)[i], 0);
    check_row(NULL);
}

static void test_room(void)
{
    check_row("half of the memory is for the input, and no more");
    CHECK(input(5 << 20) != NULL);
    CHECK(input((5 << 20) + 1) == NULL);
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_configure();
    test_run();
    test_room();
    return check_done();
}
