/*
 * Absolute URLs, read strictly (RFC 3986): what a lenient parser would repair
 * is refused here, so that no two parsers can disagree about where a request
 * goes. Nothing is decoded or normalised; every part is a view of the input.
 */
#ifndef TEXT_URL_H
#define TEXT_URL_H

#include "base/span.h"

enum { URL_MAX_SIZE = 2048 };

struct url {
    struct span text;      /* the whole */
    struct span scheme;    /* as written; compare without case */
    struct span authority; /* ABSENT for "scheme:path" (private-use schemes) */
    struct span host;      /* without brackets for IPv6; ABSENT without authority */
    struct span port;      /* digits; ABSENT when not written */
    struct span path;      /* what follows the authority, or the colon; may be empty */
    struct span query;     /* after '?', ABSENT without */
    struct span fragment;  /* after '#', ABSENT without */
    bool has_userinfo;
    bool is_ipv6;
};

/*
 * MALFORMED: no scheme, a byte outside printable ASCII, a backslash, space,
 * quote, <, >, ^, `, {, |, }, a bracket other than an IPv6 literal's, a broken
 * %-escape, a host with other characters than letters, digits, '-', '.', '_'
 * (or a well-formed IPv6 literal in brackets), an empty label, a port that is
 * not 1..65535 in its shortest spelling. For http(s) also: no host, an IPv4
 * address that is no plain dotted quad (127.1, 0x7f000001, 2130706433), and
 * xn-- labels that end in '-'. TOO_LARGE: over URL_MAX_SIZE.
 */
enum result url_parse(struct span text, struct url *url) MUST_USE;

bool url_is_https(const struct url *url);
bool url_is_http(const struct url *url);

/* "localhost" in any case, 127.0.0.0/8 as a plain dotted quad, or ::1. */
bool url_is_loopback(const struct url *url);

/*
 * Whether the host is, or may resolve to, something that is not on the public
 * internet (RFC 6890): every special-use IPv4 and IPv6 range including those
 * that embed an IPv4 address, single-label names, a trailing dot, localhost,
 * names under .localhost .local .internal .home.arpa .test .invalid .example
 * .onion .lan .intranet .corp .home .private .localdomain, and the well-known
 * domains that resolve to the address in front of them. What any other name
 * resolves to only the platform can check, when it connects; userinfo, ports
 * and our own host name are the caller's to judge.
 */
bool url_is_special_use(const struct url *url);

/*
 * A path with a "." or ".." segment, in any spelling that some server resolves:
 * %-encoded dots and slashes, encoded backslashes, "..;x".
 */
bool url_has_dot_segments(const struct url *url);

/* "https://host[:port]", lower case, without a default port. Needs an authority. */
struct span url_origin(struct arena *a, const struct url *url);

/*
 * The one canonical form of a resource identifier (RFC 8707): scheme and host
 * in lower case, no default port, no slash at the end of the path. All else
 * stays as it is (dot segments, userinfo, a fragment), so that a URL with such
 * parts equals none without.
 */
struct span url_canonical(struct arena *a, const struct url *url);

/*
 * Whether `asked` is `registered`, byte for byte; where both are http on a
 * loopback address (127.0.0.1, [::1] or localhost), the port may differ and
 * nothing else (RFC 8252 section 7.3).
 */
bool url_redirect_matches(struct span registered, struct span asked);

/*
 * Why a redirect URI cannot be registered, as a clause about "it" for the
 * developer; ABSENT when it can: https; http on loopback only; a private-use
 * scheme (RFC 8252 section 7.1). Never a fragment, userinfo or wildcard.
 *
 * Private-use schemes should have a dot, but clients that exist use "cursor:",
 * "vscode:" and the like. So any scheme passes except those that are known to
 * be something else (javascript, data, file, ftp, mailto, intent, chrome...:
 * the list is in url.c), if "/" follows its colon.
 */
struct span url_redirect_refusal(struct span redirect_uri);

/* `base`, which has no fragment, with parameters appended behind its own query, if it has one. */
struct span url_with_query(struct arena *a, struct span base, struct span query);

#endif
