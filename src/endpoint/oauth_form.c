#include "endpoint/oauth_form.h"

#include "broker/audit.h"
#include "endpoint/endpoint.h"
#include "oauth/error.h"

enum result read_oauth_form(struct cx *cx, struct form *form, struct span repeatable)
{
    struct span body;
    struct span type = headers_get(&cx->request.headers, SPAN("content-type"));
    /* Parameters come in the body and nowhere else (OAuth 2.1 section 3.2). */
    if (!http_is_type(type, SPAN("application/x-www-form-urlencoded")))
        return refuse(cx, INVALID_REQUEST, "content_type",
                      "Content-Type must be application/x-www-form-urlencoded.");
    enum result read = host_body(cx, FORM_MAX_BYTES, &body);
    if (read == TOO_LARGE)
        return refuse(cx, TOO_LARGE, "body_too_large", "The body is larger than 32 KiB.");
    if (read == HOST_FAILED)
        return refuse(cx, INVALID_REQUEST, "body_broken", "The body broke off.");
    TRY(read);
    if (form_parse(cx->arena, body, form) != OK)
        return refuse(cx, INVALID_REQUEST, "form_malformed",
                      "The body is no well-formed form in UTF-8, or has too many parameters.");
    if (span_present(form_repeated(form, repeatable)))
        return refuse(cx, INVALID_REQUEST, "repeated_parameter",
                      "A parameter was sent more than once.");
    return OK;
}

enum result authenticate_client(struct cx *cx, const struct form *form,
                                struct client_credentials *presented)
{
    struct client client;
    TRY(client_credentials_read(cx, form, presented));
    if (presented->method == AUTH_NONE && span_starts(presented->client_id, SPAN("https://")))
        return OK;
    TRY(client_find(cx, presented->client_id, &client));
    audit_client(cx, &client);
    return client_authenticate(cx, &client, presented);
}

enum result read_token_form(struct cx *cx, struct client_credentials *presented, struct span *token)
{
    struct form form;
    TRY(read_oauth_form(cx, &form, ABSENT));
    *token = form_get(&form, SPAN("token"));
    if (!span_present(*token))
        return refuse(cx, INVALID_REQUEST, "token_missing", "token is missing.");
    return authenticate_client(cx, &form, presented);
}
