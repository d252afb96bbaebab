#include "base/base64.h"
#include "base/pack.h"
#include "fuzz.h"

/* What is written is read as it was; what is read has one spelling. */
static void check_base64(struct arena *a, struct span input)
{
    struct span bytes;
    MUST(base64url_decode(a, base64url_encode(a, input), &bytes) == OK);
    MUST(span_equal(bytes, input));
    MUST(base64_decode(a, base64_encode(a, input), &bytes) == OK);
    MUST(span_equal(bytes, input));
    if (base64url_decode(a, input, &bytes) == OK)
        MUST(span_equal(base64url_encode(a, bytes), input));
    if (base64_decode(a, input, &bytes) == OK) {
        struct span with_padding = base64_encode(a, bytes);
        MUST(span_starts(with_padding, input));
        MUST(span_trim(span_skip(with_padding, input.size), SPAN("=")).size == 0);
    }
}

/* A record of any fields: each byte of `kinds` says what is read next. */
static void check_pack(struct arena *a, struct span kinds, struct span record)
{
    struct unpacker u = unpack_make(record);
    struct builder b = builder_make(a, record.size);
    for (size_t i = 0; i < kinds.size && !u.broken; i++) {
        uint8_t kind = kinds.data[i] % 4;
        struct unpacker before = u;
        uint64_t number = kind == 0 ? unpack_u8(&u) : kind == 1 ? unpack_u32(&u) : 0;
        struct span s = kind == 3 ? unpack_span(&u) : ABSENT;
        if (kind == 2)
            number = unpack_u64(&u);
        MUST(!u.broken || (number == 0 && !span_present(s)));
        MUST(u.broken || u.rest.size < before.rest.size);
        if (u.broken)
            break;
        if (kind == 0)
            pack_u8(&b, (uint8_t)number);
        else if (kind == 1)
            pack_u32(&b, (uint32_t)number);
        else if (kind == 2)
            pack_u64(&b, number);
        else
            pack_span(&b, s);
    }
    MUST(!b.overflow && span_starts(record, built(&b)));
    if (unpack_done(&u) == OK)
        MUST(span_equal(built(&b), record));
}

void fuzz(struct arena *a, struct span input)
{
    uint64_t number;
    check_base64(a, input);
    if (span_u64(input, &number) == OK)
        MUST(span_equal(span_decimal(a, number), input));
    struct span kinds = fuzz_line(&input);
    check_pack(a, kinds, input);
}
