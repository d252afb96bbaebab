#include "oauth/limit.h"

#include "script.h"

static const char *address;

static enum result limit(struct cx *cx)
{
    static struct header headers[1];
    headers[0] = (struct header){SPAN("cf-connecting-ip"), span_of(address)};
    cx->request.headers = (struct headers){headers, 1};
    return limit_caller(cx, SPAN("what"));
}

static enum result limit_nobody(struct cx *cx)
{
    return limit_caller(cx, SPAN("what"));
}

/* P4: one caller, one key, however many addresses of its network it uses. */
static const struct {
    const char *address;
    const char *asked;
} ADDRESSES[] = {
    {"192.0.2.7", "limit what:192.0.2.7"},
    {"2001:db8:1:2:3:4:5:6", "limit what:2001:db8:1:2"},
    {"2001:db8:1:2:ffff:4:5:6", "limit what:2001:db8:1:2"},
    {"2001:db8:1:2::1", "limit what:2001:db8:1:2"},
    {"2001:db8:1::1", "limit what:2001:db8:1"},
    {"2001:db8::a:b:c", "limit what:2001:db8"},
    {"::1", "limit what:"},
    {"::ffff:192.0.2.7", "limit what:"},
    {"a:b", "limit what:a:b"},
    {"a:", "limit what:a:"},
    {"", "limit what:"},
};

int main(void)
{
    static const struct gateway *none;
    static struct script s;
    for (size_t i = 0; i < COUNT(ADDRESSES); i++) {
        check_row(ADDRESSES[i].address);
        address = ADDRESSES[i].address;
        script_start(&s, none, 1800000000);
        expect_limit(&s, ADDRESSES[i].asked, true);
        CHECK_INT(script_run(&s, limit), OK);
        script_start(&s, none, 1800000000);
        expect_limit(&s, ADDRESSES[i].asked, false);
        CHECK_INT(script_run(&s, limit), TOO_MANY_REQUESTS);
    }
    check_row("a limiter that fails lets pass");
    script_start(&s, none, 1800000000);
    script_expect(&s, span_of(ADDRESSES[COUNT(ADDRESSES) - 1].asked), script_outcome(&s, FAILED));
    CHECK_INT(script_run(&s, limit), OK);
    check_row("a platform that tells no address");
    script_start(&s, none, 1800000000);
    CHECK_INT(script_run(&s, limit_nobody), OK);
    return check_done();
}
