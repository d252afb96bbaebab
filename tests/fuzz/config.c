#include "app/config.h"
#include "fuzz.h"

#define ROOT "the-root-secret-of-the-fuzzer-0123456789"
#define OTHER "a-secret-of-the-product-or-a-client"

/* latchkey.json: it is a gateway, or there is a sentence about it that tells no secret. */
void fuzz(struct arena *a, struct span input)
{
    enum { CONFIG_MEMORY = 1536 << 10 };
    static uint8_t memory[CONFIG_MEMORY];
    struct header list[] = {{SPAN("LATCHKEY_SECRET"), SPAN(ROOT)}, {SPAN("OTHER"), SPAN(OTHER)}};
    struct secrets secrets = {list, 2};
    struct arena kept = arena_make(memory, sizeof memory, fuzz_exhausted);
    struct gateway gateway;
    struct span problem = ABSENT;
    if (config_read(&kept, a, input, &secrets, &gateway, &problem) != OK) {
        MUST(problem.size > 0);
        MUST(!span_contains(problem, SPAN(ROOT)) && !span_contains(problem, SPAN(OTHER)));
        return;
    }
    MUST(gateway.server_count > 0 && gateway.profile_count > 0);
    for (size_t i = 0; i < gateway.server_count; i++) {
        const struct server *server = &gateway.servers[i];
        MUST(gateway_server(&gateway, server->id) == server);
        MUST(gateway_server_of_resource(a, &gateway, server->resource) == server);
        MUST(server->profile != NULL);
    }
    for (size_t i = 0; i < gateway.client_count; i++)
        MUST(gateway_client(&gateway, gateway.clients[i].id) == &gateway.clients[i]);
}
