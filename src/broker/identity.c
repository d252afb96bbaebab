#include "broker/identity.h"

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    return false;
}

static bool is_id(struct span text)
{
    return text.size > 0 && text.size <= IDENTITY_MAX_ID && !has_control(text);
}

/* NULL too for a claim that the profile gives no name. */
static const struct json *claim(const struct json *claims, struct span name)
{
    return span_present(name) ? json_member(claims, name) : NULL;
}

/* Some servers that are not OpenID providers number their users. */
static enum result read_id(struct arena *a, const struct json *node, struct span *id)
{
    uint64_t number;
    if (node == NULL || json_is_null(node))
        return NOT_FOUND;
    struct span text = json_text(node);
    if (json_u64(node, &number) == OK)
        text = span_decimal(a, number);
    if (!is_id(text))
        return MALFORMED;
    *id = text;
    return OK;
}

static enum result take_id(struct arena *a, const struct json *claims, struct span name,
                           struct span *id)
{
    if (span_present(*id))
        return OK;
    return read_id(a, claim(claims, name), id) == MALFORMED ? MALFORMED : OK;
}

enum result identity_read(struct arena *a, const struct profile *profile, const struct json *claims,
                          struct downstream_identity *identity)
{
    struct downstream_identity read = *identity;
    TRY(take_id(a, claims, profile->claim_subject, &read.subject));
    TRY(take_id(a, claims, profile->claim_organization, &read.organization));
    *identity = read;
    return OK;
}

enum identity_outcome identity_compare(const struct downstream_identity *expected,
                                       const struct downstream_identity *actual)
{
    /*
     * OpenID Connect Core section 5.7: only iss and sub together are what "an RP can rely upon as
     * a stable identifier for the End-User". A subject of another issuer says nothing at all.
     */
    if (expected->issuer.size == 0 || expected->subject.size == 0 || actual->subject.size == 0 ||
        !span_equal(expected->issuer, actual->issuer))
        return IDENTITY_NOT_COMPARABLE;
    if (!span_equal(expected->subject, actual->subject))
        return IDENTITY_MISMATCH;
    if (span_present(expected->organization) && span_present(actual->organization) &&
        !span_equal(expected->organization, actual->organization))
        return IDENTITY_MISMATCH;
    return IDENTITY_MATCH;
}
