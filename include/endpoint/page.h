/*
 * The pages that people see. No script, no third-party content, not frameable;
 * everything that others wrote is escaped here, callers pass it as it is.
 */
#ifndef ENDPOINT_PAGE_H
#define ENDPOINT_PAGE_H

#include "host.h"
#include "oauth/client.h"
#include "oauth/gateway.h"

struct consent_page {
    const struct client *client;
    const struct server *server;
    struct span profile_name; /* where the person will sign in */
    struct span profile_host;
    struct span redirect_uri; /* checked already; the page says in words where it leads */
    struct span scopes;       /* asked for, space separated; all ticked */
    struct span transaction;  /* hidden field `transaction` */
};

/*
 * The consent page: a form that posts to /consent with transaction, scope (one
 * for each that stays ticked, so perhaps none), decision=approve|deny.
 */
void page_consent(struct cx *cx, const struct consent_page *page);

/* An error, what it means, and what to do. back: a URL to offer as a link (ABSENT: none). */
void page_error(struct cx *cx, uint32_t status, struct span title, struct span what,
                struct span mend, struct span back);

/* `/`: what is published and how to connect. */
void page_landing(struct cx *cx);

#endif
