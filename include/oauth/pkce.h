/*
 * PKCE (RFC 7636), S256 only, for every client (OAuth 2.1 section 7.5.1).
 */
#ifndef OAUTH_PKCE_H
#define OAUTH_PKCE_H

#include "jose/crypto.h"

/* 43 base64url characters that decode to 32 bytes; MALFORMED otherwise. */
enum result pkce_challenge_check(struct span challenge) MUST_USE;

/* 43 to 128 characters of [A-Za-z0-9-._~]; MALFORMED otherwise. */
enum result pkce_verifier_check(struct span verifier) MUST_USE;

struct span pkce_challenge_of(struct arena *a, struct span verifier);

/* UNVERIFIABLE when the verifier is not the challenge's. */
enum result pkce_verify(struct arena *a, struct span challenge, struct span verifier) MUST_USE;

#endif
