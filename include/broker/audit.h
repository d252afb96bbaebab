/*
 * One line of JSON for each decision, success and refusal alike, in the platform's
 * log as the answer, or a forward, goes out. Never a token, code, verifier, secret or
 * e-mail: fields are ids, names of ours and pseudonyms only.
 */
#ifndef BROKER_AUDIT_H
#define BROKER_AUDIT_H

#include "host.h"
#include "oauth/client.h"
#include "oauth/grant.h"

/* Filled as the request goes; a span that stays ABSENT is left out of the line. */
struct audit {
    struct span action; /* "authorize", "consent", "sign_in", "token", "refresh", "call", ... */
    struct span user;   /* already a pseudonym: `sub` */
    struct span organization; /* hashed */
    struct span client;       /* name of the client, not its id */
    struct span server;
    struct span grant;  /* first bytes of a hash of its id */
    struct span door;   /* "oauth" */
    struct span method; /* of MCP */
    struct span tool;
};

/* The record of this request, made on first use. */
struct audit *audit(struct cx *cx);

/* Whose grant it is, from a token's text or from the grant's row. */
void audit_facts(struct cx *cx, const struct grant_facts *facts);
void audit_grant(struct cx *cx, struct span grant_id, const struct grant *grant);
void audit_client(struct cx *cx, const struct client *client);

/* Writes the line: outcome from the result (PENDING: forwarded) and the response's status. */
void audit_write(struct cx *cx, enum result result);

#endif
