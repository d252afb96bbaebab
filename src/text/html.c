#include "text/html.h"

static struct span reference(uint8_t c)
{
    switch (c) {
    case '&':
        return SPAN("&amp;");
    case '<':
        return SPAN("&lt;");
    case '>':
        return SPAN("&gt;");
    case '"':
        return SPAN("&quot;");
    case '\'':
        return SPAN("&#39;");
    default:
        return ABSENT;
    }
}

struct span html_escape(struct arena *a, struct span text)
{
    size_t size = text.size;
    for (size_t i = 0; i < text.size; i++)
        size += reference(text.data[i]).size;
    struct builder b = builder_make(a, size);
    for (size_t i = 0; i < text.size; i++) {
        struct span as_reference = reference(text.data[i]);
        if (span_present(as_reference))
            build_span(&b, as_reference);
        else
            build_byte(&b, text.data[i]);
    }
    return built(&b);
}

struct range {
    uint32_t first;
    uint32_t last;
};

static const struct range SPACES[] = {
    {0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
    {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};

/*
 * Controls; Unicode's Default_Ignorable_Code_Point, which holds the
 * bidirectional controls and the tags; what is blank though it is a letter or
 * a symbol; interlinear annotations; the noncharacters of the first plane.
 */
static const struct range INVISIBLE[] = {
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
    {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f}, {0x200b, 0x200f}, {0x202a, 0x202e},
    {0x2060, 0x206f},   {0x2800, 0x2800},   {0x3164, 0x3164}, {0xfdd0, 0xfdef}, {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

static bool is_among(uint32_t code_point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code_point >= ranges[i].first && code_point <= ranges[i].last)
            return true;
    return false;
}

/* The next character to be shown: every white space is ' '. False at the end. */
static bool next_shown(struct span *text, uint32_t *shown)
{
    while (text->size > 0) {
        uint32_t c = 0xfffd;
        size_t size = utf8_next(*text, &c);
        *text = span_skip(*text, size == 0 ? 1 : size);
        if (is_among(c, SPACES, sizeof SPACES / sizeof *SPACES))
            c = ' ';
        if (!is_among(c, INVISIBLE, sizeof INVISIBLE / sizeof *INVISIBLE)) {
            *shown = c;
            return true;
        }
    }
    return false;
}

struct span html_display_name(struct arena *a, struct span text, size_t characters)
{
    struct builder b = builder_make(a, 4 * characters);
    size_t before_last = 0; /* where the name ends if its last character must go */
    size_t count = 0;
    bool space = false;
    uint32_t c;
    while (next_shown(&text, &c)) {
        if (c == ' ') {
            space = count > 0; /* written once something follows it */
            continue;
        }
        size_t more = space ? 2 : 1;
        if (characters - count < more) {
            b.size = count == characters ? before_last : b.size;
            if (characters > 0)
                utf8_build(&b, 0x2026);
            break;
        }
        before_last = b.size;
        if (space)
            build_byte(&b, ' ');
        utf8_build(&b, c);
        count += more;
        space = false;
    }
    return built(&b);
}
