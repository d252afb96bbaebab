#include "text/json.h"

#include "text/json_string.h"
#include "text/utf8.h"

struct json_writer json_writer_make(struct arena *a, size_t max)
{
    return (struct json_writer){builder_make(a, max), false};
}

/* What stands before every value and every name. */
static void separate(struct json_writer *w)
{
    if (w->comma)
        build_byte(&w->out, ',');
    w->comma = true;
}

static void write_escape(struct builder *b, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    build_byte(b, '\\');
    if (c == '"' || c == '\\') {
        build_byte(b, c);
    } else if (c == '\n') {
        build_byte(b, 'n');
    } else {
        build_span(b, SPAN("u00"));
        build_byte(b, (uint8_t)digits[c >> 4]);
        build_byte(b, (uint8_t)digits[c & 15]);
    }
}

/* The size of the longest beginning that is written as it is. */
static size_t plain_size(struct span text)
{
    size_t at = json_plain_size(text);
    while (at < text.size && text.data[at] >= 0x80) {
        uint32_t c;
        size_t size = utf8_next(span_skip(text, at), &c);
        if (size == 0)
            break;
        at += size;
        at += json_plain_size(span_skip(text, at));
    }
    return at;
}

static void write_string(struct builder *b, struct span text)
{
    build_byte(b, '"');
    while (text.size > 0) {
        size_t plain = plain_size(text);
        build_span(b, span_first(text, plain));
        text = span_skip(text, plain);
        if (text.size == 0)
            break;
        if (text.data[0] < 0x80)
            write_escape(b, text.data[0]);
        else
            utf8_build(b, 0xfffd);
        text = span_skip(text, 1);
    }
    build_byte(b, '"');
}

static void write_name(struct json_writer *w, struct span name)
{
    separate(w);
    write_string(&w->out, name);
    build_byte(&w->out, ':');
}

void json_begin(struct json_writer *w, char bracket)
{
    separate(w);
    build_byte(&w->out, (uint8_t)bracket);
    w->comma = false;
}

void json_begin_member(struct json_writer *w, const char *name, char bracket)
{
    write_name(w, span_of(name));
    build_byte(&w->out, (uint8_t)bracket);
    w->comma = false;
}

void json_end(struct json_writer *w, char bracket)
{
    build_byte(&w->out, (uint8_t)bracket);
    w->comma = true;
}

void json_put_text_at(struct json_writer *w, struct span name, struct span value)
{
    if (!span_present(value))
        return;
    write_name(w, name);
    write_string(&w->out, value);
}

void json_put_text(struct json_writer *w, const char *name, struct span value)
{
    json_put_text_at(w, span_of(name), value);
}

void json_put_u64(struct json_writer *w, const char *name, uint64_t value)
{
    write_name(w, span_of(name));
    build_u64(&w->out, value);
}

void json_put_bool(struct json_writer *w, const char *name, bool value)
{
    json_put_raw(w, name, value ? SPAN("true") : SPAN("false"));
}

void json_put_raw(struct json_writer *w, const char *name, struct span json)
{
    if (!span_present(json))
        return;
    write_name(w, span_of(name));
    build_span(&w->out, json);
}

void json_add_text(struct json_writer *w, struct span value)
{
    if (!span_present(value))
        return;
    separate(w);
    write_string(&w->out, value);
}

void json_add_raw(struct json_writer *w, struct span json)
{
    if (!span_present(json))
        return;
    separate(w);
    build_span(&w->out, json);
}

struct span json_written(const struct json_writer *w)
{
    return built(&w->out);
}
