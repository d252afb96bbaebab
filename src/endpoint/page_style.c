/*
 * Quiet on purpose: paper, ink, one green and one brass, the system's own
 * typeface. Everything scales with the reader's font size; both colour schemes
 * keep WCAG AA (4.5:1 for text, 3:1 for controls); nothing moves. A name that
 * somebody else chose is clipped to its own lines, so that a pile of combining
 * accents in it cannot cover the warning below.
 *
 * In two parts because C11 promises string literals of 4095 characters only.
 */
#include "endpoint/page_style.h"

/* Colours, type, the frame that every page has. */
static const char FRAME[] =
    ":root{color-scheme:light dark;"
    "--paper:#f3f1ea;--card:#fffefb;--tint:#f5f4ee;--line:#dcd8cc;--edge:#838b86;"
    "--ink:#1d2421;--soft:#59625d;--key:#17503f;--deep:#0e3a2d;--on-key:#fff;"
    "--brass:#7d4f05;--glow:#fbf0d6}"
    "@media(prefers-color-scheme:dark){:root{"
    "--paper:#111513;--card:#1a1f1c;--tint:#232a26;--line:#353d38;--edge:#7b857f;"
    "--ink:#ebe9e1;--soft:#a6aea8;--key:#9fd3bd;--deep:#c4e8d8;--on-key:#0d211a;"
    "--brass:#e9c277;--glow:#2f2817}}"
    "*{box-sizing:border-box}"
    "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}"
    "body{margin:0 auto;max-width:34rem;padding:1.25rem;background:var(--card);"
    "color:var(--ink);font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;"
    "overflow-wrap:anywhere}"
    "body.wide{max-width:46rem}"
    "header{display:flex;align-items:center;gap:.625rem;margin-bottom:1.25rem;font-size:.875rem}"
    "header svg{flex:none;width:2rem;height:2rem}"
    "header b{flex:none;font-size:1rem}"
    "header span{margin-left:auto;color:var(--soft);text-align:right}"
    ".tile{fill:#1a5443}"
    ".key{fill:none;stroke:#f0cd85;stroke-width:2.5;stroke-linecap:round;stroke-linejoin:round}"
    "h1{margin:0 0 .75rem;font-size:1.625rem;line-height:1.25;font-weight:650;"
    "letter-spacing:-.015em;text-wrap:balance;overflow:hidden}"
    "h2,legend{margin:0;padding:0;font-size:1rem;line-height:1.5;font-weight:650}"
    "p{margin:0 0 1rem}"
    "main>:last-child{margin-bottom:0}"
    "small,.soft{color:var(--soft);font-size:.875rem;font-weight:400}"
    ".soft{overflow:hidden}"
    "code,pre{font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}"
    "button,.back{display:inline-block;min-height:3rem;padding:.6875rem 1.25rem;"
    "border:1px solid var(--edge);border-radius:.625rem;background:none;color:var(--ink);"
    "font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}"
    "button:hover,.back:hover{border-color:var(--ink);background:var(--tint)}"
    ":focus-visible{outline:3px solid var(--key);outline-offset:2px}"
    "@media(min-width:38rem){"
    "body{background:var(--paper);padding:2.5rem 1.25rem}"
    "header{margin:0 .25rem 1rem}"
    "main{padding:2rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:1rem}}";

/* What stands in the frame: the consent form, an error, the list of servers. */
static const char CONTENT[] =
    ".ask{font-weight:400}"
    ".ask bdi{font-weight:700}"
    ".note{padding:.75rem 1rem;border:1px solid var(--line);border-radius:.625rem;"
    "background:var(--tint)}"
    ".warn{border-color:var(--brass);background:var(--glow)}"
    ".warn b{color:var(--brass)}"
    "fieldset{min-width:0;margin:1.25rem 0;padding:0;border:0}"
    "fieldset p{margin-bottom:.625rem}"
    "label{display:flex;gap:.875rem;align-items:center;padding:.625rem 1rem;"
    "border:1px solid var(--line);cursor:pointer}"
    "label+label{border-top:0}"
    "label:first-of-type{border-top-left-radius:.625rem;border-top-right-radius:.625rem}"
    "label:last-of-type{border-bottom-left-radius:.625rem;border-bottom-right-radius:.625rem}"
    "label:hover{background:var(--tint)}"
    "label input{flex:none;width:1.375rem;height:1.375rem;margin:0;accent-color:var(--key)}"
    "label code{display:block;color:var(--soft)}"
    "ol{margin:.5rem 0 1.25rem;padding:0;list-style:none;counter-reset:step}"
    "li{position:relative;padding:0 0 .875rem 2.375rem;counter-increment:step}"
    "li:last-child{padding-bottom:0}"
    "li::before{content:counter(step);position:absolute;left:0;top:0;width:1.5rem;height:1.5rem;"
    "border:1px solid var(--edge);border-radius:50%;color:var(--soft);text-align:center;"
    "font-size:.8125rem;line-height:1.375rem}"
    "li:not(:last-child)::after{content:\"\";position:absolute;left:.75rem;top:1.75rem;"
    "bottom:.25rem;border-left:1px solid var(--line)}"
    "li small{display:block}"
    ".actions{display:flex;gap:.75rem;margin-top:1.25rem}"
    ".allow{flex:1;border-color:var(--key);background:var(--key);color:var(--on-key)}"
    ".allow:hover{border-color:var(--deep);background:var(--deep)}"
    "section{padding:1.5rem 0 .75rem;border-top:1px solid var(--line)}"
    "section:last-child{padding-bottom:0}"
    "section h2{margin-bottom:.5rem;font-size:1.25rem}"
    ".copy{display:block;margin:.375rem 0 0;padding:.625rem .875rem;border-radius:.5rem;"
    "background:var(--tint);white-space:pre-wrap;-webkit-user-select:all;user-select:all}"
    "summary{padding:.75rem 0;color:var(--key);font-weight:600;cursor:pointer}"
    "dl{margin:0 0 1rem}"
    "dt{margin-top:1rem;font-weight:600}"
    "dt:first-child{margin-top:0}"
    "dd{margin:0}";

struct span page_style(struct arena *a)
{
    return JOIN(a, span_of(FRAME), span_of(CONTENT));
}
