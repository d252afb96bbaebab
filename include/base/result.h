/*
 * The one vocabulary of outcomes. A function that can fail returns an
 * enum result; what it computes goes through an out parameter, which means
 * something only on OK, unless its header says more: what stood there before
 * may be gone. The protocol's own errors are results of their own, so that
 * oauth/error.c is the only place that turns an outcome into words.
 */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

enum result {
    OK = 0,

    /* Of the machinery */
    PENDING,      /* an effect is wanted: return it upwards, run again later */
    NOT_FOUND,    /* absent; not an error in itself */
    HOST_FAILED,  /* an effect failed: a store or a peer did not answer */
    CONFLICT,     /* a ledger condition did not hold; nothing was written */
    MALFORMED,    /* input that is not what its grammar asks for */
    TOO_LARGE,    /* input beyond its named limit */
    UNVERIFIABLE, /* a signature, MAC, tag or claim that does not hold */

    /* RFC 6749 section 4.1.2.1 and 5.2, RFC 8707 section 2 */
    INVALID_REQUEST,
    INVALID_CLIENT,
    INVALID_GRANT,
    UNSUPPORTED_GRANT_TYPE,
    UNSUPPORTED_RESPONSE_TYPE,
    INVALID_SCOPE,
    INVALID_TARGET,
    ACCESS_DENIED,
    SERVER_ERROR,
    TEMPORARILY_UNAVAILABLE,

    /* RFC 7591 section 3.2.2 */
    INVALID_REDIRECT_URI,
    INVALID_CLIENT_METADATA,

    /* RFC 6750 section 3.1 */
    INVALID_TOKEN,
    INSUFFICIENT_SCOPE,

    /* Of HTTP itself */
    UNKNOWN_PATH,
    METHOD_NOT_ALLOWED,
    UNSUPPORTED_MEDIA_TYPE,
    FORBIDDEN_ORIGIN,
    TOO_MANY_REQUESTS,
    MISDIRECTED,
    BAD_GATEWAY,

    RESULT_COUNT
};

#define MUST_USE __attribute__((warn_unused_result))

/* The only macro that changes control flow: whatever is not OK goes up. */
#define TRY(call)                        \
    do {                                 \
        enum result try_result = (call); \
        if (try_result != OK)            \
            return try_result;           \
    } while (0)

#endif
