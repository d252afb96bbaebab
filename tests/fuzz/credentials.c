#include "oauth/client.h"
#include "run.h"

/* The Authorization header in the first line, then the form. */
void fuzz(struct arena *a, struct span input)
{
    struct header header = {SPAN("authorization"), fuzz_line(&input)};
    struct form form;
    struct client_credentials presented;
    struct cx cx = run_make(a, ABSENT);
    cx.request.headers = (struct headers){&header, header.value.size > 0 ? 1 : 0};
    if (form_parse(a, input, &form) != OK || client_credentials_read(&cx, &form, &presented) != OK)
        return;
    MUST(presented.client_id.size > 0);
    if (presented.method == AUTH_SECRET_BASIC || presented.method == AUTH_SECRET_POST)
        MUST(presented.secret.size > 0);
    MUST((presented.method == AUTH_PRIVATE_KEY) == span_present(presented.assertion));
    struct span id = form_get(&form, SPAN("client_id"));
    MUST(!span_present(id) || span_equal(id, presented.client_id));

    /* Nobody is who they say without a secret. */
    struct client client = {
        .id = presented.client_id, .auth = AUTH_SECRET_BASIC | AUTH_SECRET_POST, .secret_count = 1};
    MUST(client_authenticate(&cx, &client, &presented) != OK);
}
