/*
 * The one style sheet of our pages. It stands inline, allowed by its hash in
 * the Content-Security-Policy, so a page is a single answer and nothing else is
 * ever fetched.
 */
#ifndef ENDPOINT_PAGE_STYLE_H
#define ENDPOINT_PAGE_STYLE_H

#include "base/span.h"

struct span page_style(struct arena *a);

#endif
