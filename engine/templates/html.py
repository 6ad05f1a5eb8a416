"""HTML for e-mail: cleaned when the author writes it, made from plain text when not.

Cleaning costs 0.1 ms a kilobyte, so it happens once, when a template is compiled, not for each message. Liquid
must survive it: each `{{ }}` and `{% %}` is taken out before and put back after. What customers' data brings in
later is escaped where it is printed, and links made of it are checked (`liquid.link`).
"""

import re
from html import escape, unescape

import nh3

from engine.core.errors import Code
from engine.templates.liquid import TemplateProblem

TOKEN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL | re.IGNORECASE)
WITHOUT_PLACE = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)

OPEN, CLOSE = "\ue000", "\ue001"
INLINE = re.compile(f"{OPEN}(\\d+){CLOSE}")
"""Private-use characters around a number stand for a token inside a tag or a text."""
BETWEEN = re.compile(r"<!--liquid(\d+)-->")
"""A comment stands for a `{% %}` between tags: unlike text, a parser leaves it where it is inside a table."""
BEFORE_ROWS = re.compile(r"((?:<!--liquid\d+-->\s*)+)(<tbody>)")
"""A parser opens `<tbody>` at the first row; the loop around the rows belongs inside of it."""
IN_LINK = re.compile(f'\\b(href|src)="{OPEN}(\\d+){CLOSE}')

URL = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")

TAGS = nh3.ALLOWED_TAGS | {"center", "font", "section", "article", "header", "footer", "u"}
LAYOUT = {"style", "class", "align", "valign", "width", "height", "bgcolor", "dir", "lang", "role"}
ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": LAYOUT,
    "a": {"href", "title", "target", "name"},
    "img": {"src", "alt", "title", "border"},
    "table": {"cellpadding", "cellspacing", "border", "summary"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "scope"},
    "font": {"color", "face", "size"},
}
STYLES = {
    *(
        "color",
        "background",
        "background-color",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
    ),
    *("line-height", "letter-spacing", "text-align", "text-decoration", "text-transform", "vertical-align"),
    *("width", "max-width", "min-width", "height", "max-height", "display", "border", "border-top"),
    *("border-right", "border-bottom", "border-left", "border-radius", "border-collapse", "border-color"),
    *("margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "padding", "padding-top"),
    *("padding-right", "padding-bottom", "padding-left", "white-space", "list-style", "mso-line-height-rule"),
}
SCHEMES = {"http", "https", "mailto", "tel"}

_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    filter_style_properties=STYLES,
    url_schemes=SCHEMES,
    strip_comments=False,
    link_rel=None,
)


def clean_html(source: str) -> str:
    """An author's HTML, without what mail readers refuse or what could do harm; its Liquid stays as it is.

    Raises:
        TemplateProblem: a link begins with `{% %}`, so that nobody can tell where it leads.
    """
    inner = BODY.search(source)
    text = COMMENT.sub("", WITHOUT_PLACE.sub("", inner[1] if inner else source))
    tokens: list[str] = []
    cleaned = _cleaner.clean(TOKEN.sub(lambda found: _placeholder(found, tokens), text))
    for found in IN_LINK.finditer(cleaned):
        tokens[int(found[2])] = _checked_link(tokens[int(found[2])])
    whole = BETWEEN.sub(lambda found: tokens[int(found[1])], BEFORE_ROWS.sub(r"\2\1", cleaned))
    return INLINE.sub(lambda found: tokens[int(found[1])], COMMENT.sub("", whole)).strip()


def html_from_text(text: str) -> str:
    """Simple HTML of a plain text: paragraphs, line breaks, clickable links; everything else is escaped."""
    paragraphs = PARAGRAPHS.split(text.strip())
    return "\n".join(
        f'<p style="margin:0 0 16px">{_linked(each).replace(chr(10), "<br>")}</p>'
        for each in paragraphs
        if each
    )


def text_from_html(html: str) -> str:
    """The words of an HTML message, for its plain-text part."""
    lined = re.sub(r"<(br|/p|/div|/tr|/h\d|/li|/table)\b[^>]*>", "\n", html, flags=re.IGNORECASE)
    linked = re.sub(r'<a\b[^>]*href="(https?://[^"]+)"[^>]*>(.*?)</a>', r"\2 (\1)", lined, flags=re.DOTALL)
    words = unescape(re.sub(r"<[^>]+>", "", linked))
    lines = (" ".join(line.split()) for line in words.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _placeholder(found: re.Match[str], tokens: list[str]) -> str:
    tokens.append(found[0])
    number = len(tokens) - 1
    inside_tag = found.string.rfind("<", 0, found.start()) > found.string.rfind(">", 0, found.start())
    if found[0].startswith("{{") or inside_tag:
        return f"{OPEN}{number}{CLOSE}"
    return f"<!--liquid{number}-->"


def _checked_link(token: str) -> str:
    if not token.startswith("{{"):
        raise TemplateProblem(
            Code.INVALID_TEMPLATE, f"{token}: begin a link with https:// or with a variable in {{{{ }}}}."
        )
    return (
        token
        if token.rstrip("-} ").endswith("| link")
        else f"{token.removesuffix('}}').rstrip('- ')} | link }}}}"
    )


def _linked(text: str) -> str:
    """Escaped text in which web addresses are links."""
    parts: list[str] = []
    done = 0
    for found in URL.finditer(text):
        target = escape(found[0])
        parts += [escape(text[done : found.start()]), f'<a href="{target}">{target}</a>']
        done = found.end()
    return "".join(parts) + escape(text[done:])
