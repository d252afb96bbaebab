#include "host/wire.h"

struct ledger_step ledger_step(struct cx *cx, struct span shard, size_t max)
{
    return (struct ledger_step){.shard = shard, .operations = builder_make(cx->arena, max)};
}

static void operation(struct ledger_step *step, enum operation kind, struct span key)
{
    pack_u8(&step->operations, (uint8_t)kind);
    pack_span(&step->operations, key);
    step->count++;
}

void ledger_check(struct ledger_step *step, struct span key, uint32_t version)
{
    operation(step, LEDGER_CHECK, key);
    pack_u32(&step->operations, version);
}

void ledger_match(struct ledger_step *step, struct span key, struct span value)
{
    operation(step, LEDGER_MATCH, key);
    pack_span(&step->operations, value);
}

void ledger_read(struct ledger_step *step, struct span key, struct ledger_row *row)
{
    if (step->read_count == LEDGER_MAX_READS)
        __builtin_trap();
    operation(step, LEDGER_READ, key);
    step->reads[step->read_count++] = row;
}

void ledger_write(struct ledger_step *step, struct span key, uint64_t expires, struct span value)
{
    operation(step, LEDGER_WRITE, key);
    step->writes = true;
    pack_u64(&step->operations, expires);
    pack_span(&step->operations, value);
}

void ledger_derive(struct ledger_step *step, struct span key, uint64_t expires, struct span from,
                   struct span head, struct span mask)
{
    operation(step, LEDGER_DERIVE, key);
    step->writes = true;
    pack_u64(&step->operations, expires);
    pack_span(&step->operations, head);
    pack_span(&step->operations, from);
    pack_span(&step->operations, mask);
}

void ledger_touch(struct ledger_step *step, struct span key, uint64_t expires)
{
    operation(step, LEDGER_TOUCH, key);
    step->writes = true;
    pack_u64(&step->operations, expires);
}

void ledger_delete(struct ledger_step *step, struct span key)
{
    operation(step, LEDGER_DELETE, key);
    step->writes = true;
}

void ledger_wait(struct ledger_step *step, struct span key, uint32_t version, uint32_t ms)
{
    operation(step, LEDGER_WAIT, key);
    pack_u32(&step->operations, version);
    pack_u32(&step->operations, ms);
}

static struct builder ledger_effect(struct cx *cx, const struct ledger_step *step)
{
    size_t size = 12 + step->operations.size;
    struct builder b = wire_effect(cx, EFFECT_LEDGER, 12 + step->shard.size + size);
    b.overflow = step->operations.overflow;
    pack_span(&b, step->shard);
    pack_u32(&b, step->cache_ms);
    pack_u32(&b, (uint32_t)size);
    pack_u64(&b, cx->now);
    pack_u32(&b, step->count);
    build_span(&b, built(&step->operations));
    return b;
}

enum result ledger_commit(struct cx *cx, struct ledger_step *step)
{
    struct unpacker answer;
    cx->must_finish |= step->writes;
    if (!wire_answer(cx, &answer)) {
        struct builder b = ledger_effect(cx, step);
        return wire_want(cx, &b);
    }
    uint8_t outcome = unpack_u8(&answer);
    if (outcome == OUTCOME_BUSY)
        return TEMPORARILY_UNAVAILABLE;
    if (outcome != OUTCOME_OK && outcome != OUTCOME_CONFLICT)
        return HOST_FAILED;
    for (size_t i = 0; i < step->read_count; i++) {
        step->reads[i]->version = unpack_u32(&answer);
        step->reads[i]->value = unpack_span(&answer);
    }
    if (unpack_done(&answer) != OK)
        return HOST_FAILED;
    return outcome == OUTCOME_OK ? OK : CONFLICT;
}

enum result ledger_commit_own(struct cx *cx, struct ledger_step *step, struct span key,
                              struct span own, struct ledger_row *row)
{
    ledger_read(step, key, row);
    enum result result = ledger_commit(cx, step);
    if (result == HOST_FAILED)
        result = ledger_commit(cx, step);
    return result == CONFLICT && span_starts(row->value, own) ? OK : result;
}

void ledger_commit_later(struct cx *cx, struct ledger_step *step)
{
    struct builder b = ledger_effect(cx, step);
    wire_defer(cx, &b);
}
