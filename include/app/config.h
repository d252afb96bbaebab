/*
 * latchkey.json and the secrets that it names, made into a gateway. An error
 * names the place in the document and what was expected there, in one
 * sentence for the person who wrote it.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "oauth/gateway.h"

/* Secrets by name: what the platform calls its environment. */
struct secrets {
    struct header *list; /* name, value */
    size_t count;
};

enum { BODY_LIMIT_USUAL = 4 << 20, BODY_LIMIT_MIN = 1 << 10, BODY_LIMIT_MAX = 4 << 20 };

/*
 * The gateway lives in `kept` and nowhere else. `scratch` is for the document's tree, some ten
 * times its size; it may be wiped afterwards. On MALFORMED *problem is the sentence, in `scratch`.
 */
enum result config_read(struct arena *kept, struct arena *scratch, struct span text,
                        const struct secrets *secrets, struct gateway *gateway,
                        struct span *problem) MUST_USE;

#endif
