#include "oauth/copy.h"

#include "base/base64.h"

/* u8 COPY_FORMAT, u64 expires (seconds since 1970), span text. */
enum { COPY_FORMAT = 1 };

struct span copy_key(struct arena *a, struct span kind, struct span url)
{
    struct hash hash;
    sha256(url, &hash);
    return JOIN(a, kind, SPAN(":"), base64url_encode(a, hash_span(&hash)));
}

enum result copy_get(struct cx *cx, struct span key, uint32_t cache_ms, struct span *text)
{
    struct span copy;
    TRY(kv_get(cx, key, cache_ms, &copy));
    struct unpacker u = unpack_make(copy);
    uint8_t format = unpack_u8(&u);
    uint64_t expires = unpack_u64(&u);
    struct span found = unpack_span(&u);
    if (unpack_done(&u) != OK || format != COPY_FORMAT || expires <= cx->now)
        return NOT_FOUND;
    *text = found;
    return OK;
}

void copy_put_later(struct cx *cx, struct span key, struct span text, uint32_t seconds)
{
    struct builder b = builder_make(cx->arena, 16 + text.size);
    pack_u8(&b, COPY_FORMAT);
    pack_u64(&b, cx->now + seconds);
    pack_span(&b, text);
    kv_put_later(cx, key, built(&b), seconds);
}
