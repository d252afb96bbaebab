/*
 * From a URL to the function that serves it, and from what that returns to an
 * answer. Everything that is not listed is a JSON 404.
 */
#ifndef APP_ROUTER_H
#define APP_ROUTER_H

#include "host.h"

/* One run of one request: fills cx->response, or returns PENDING. */
enum result route(struct cx *cx) MUST_USE;

#endif
