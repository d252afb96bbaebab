/*
 * Text that others wrote, made safe for our pages.
 */
#ifndef TEXT_HTML_H
#define TEXT_HTML_H

#include "text/utf8.h"

/* & < > " ' as character references; right for text and for quoted attributes. */
struct span html_escape(struct arena *a, struct span text);

/*
 * A name as a person should see it: UTF-8 (an invalid byte shows as U+FFFD),
 * without control characters, bidirectional overrides and isolates, zero-width
 * and other invisible characters; runs of white space become one space; at most
 * `characters` characters, the last of them an ellipsis when the name was cut.
 * Not escaped yet. Never ABSENT.
 */
struct span html_display_name(struct arena *a, struct span text, size_t characters);

#endif
