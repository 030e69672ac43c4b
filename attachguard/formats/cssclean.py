"""Style sheets and style attributes rebuilt from an allow-list of properties; nothing is ever loaded or run.

What is kept decides how text, boxes and tables look. What is left out places things over others (position), loads
(url) or runs (behavior, expression).
"""

import re
from collections.abc import Iterable, Iterator

import tinycss2
from tinycss2 import ast

from attachguard.formats.css import dangers
from attachguard.formats.markup import words

PROPERTIES = words(
    """background background-color background-clip background-repeat border border-bottom border-bottom-color
    border-bottom-left-radius border-bottom-right-radius border-bottom-style border-bottom-width border-collapse
    border-color border-left border-left-color border-left-style border-left-width border-radius border-right
    border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color
    border-top-left-radius border-top-right-radius border-top-style border-top-width border-width box-shadow box-sizing
    break-after break-before break-inside caption-side clear color column-count column-gap column-rule column-width
    columns content counter-increment counter-reset direction display empty-cells flex flex-basis flex-direction
    flex-flow flex-grow flex-shrink flex-wrap float font font-family font-feature-settings font-kerning font-size
    font-size-adjust font-stretch font-style font-variant font-variant-caps font-variant-ligatures
    font-variant-numeric font-weight gap grid-column grid-row grid-template-columns grid-template-rows height hyphens
    align-content align-items align-self justify-content justify-items justify-self letter-spacing line-break
    line-height list-style list-style-position list-style-type margin margin-bottom margin-left margin-right margin-top
    max-height max-width min-height min-width opacity order orphans outline outline-color outline-style outline-width
    overflow overflow-wrap overflow-x overflow-y padding padding-bottom padding-left padding-right padding-top
    page-break-after page-break-before page-break-inside quotes row-gap size tab-size table-layout text-align
    text-align-last text-decoration text-decoration-color text-decoration-line text-decoration-style text-indent
    text-justify text-overflow text-shadow text-transform unicode-bidi vertical-align visibility white-space widows
    width word-break word-spacing word-wrap writing-mode"""
)
"""CSS 2.2 and the modules for text, fonts, backgrounds and boxes; none of them fetches without a function that does."""

FUNCTIONS = words(
    """rgb rgba hsl hsla hwb lab lch oklab oklch calc min max clamp counter counters attr linear-gradient
    radial-gradient
    repeating-linear-gradient repeating-radial-gradient minmax repeat fit-content cubic-bezier"""
)
"""Functions a value may call: colours, lengths, gradients."""

SHEET_SIZE = 256 * 1024
"""Characters of style sheets of one page that are rebuilt; the parser reads about one megabyte a second."""

STYLE_SIZE = 4096
"""Characters of one style attribute."""

BUDGET = 256 * 1024
"""Characters of different style attributes of one page that are given to the parser."""

NESTING = 64
"""Brackets in one value or prelude: more serves no look."""

_PLAIN = re.compile(r"[^\"'()\\\[\]{}<>@!/]*+")
"""A style attribute without strings, functions, escapes or comments: read by splitting it."""
_BLANKS = re.compile(r"[ \t\n\f\r]+")
_BRACKETS = re.compile(r"[(\[{]")


class Styles:
    """The style attributes of one page: the same one is rebuilt once, and in all no more than BUDGET is parsed."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._left = BUDGET

    def clean(self, style: str) -> str:
        """Rebuild a style attribute; past the budget there is none."""
        if style not in self._known:
            if _PLAIN.fullmatch(style) is None:
                self._left -= len(style)
            self._known[style] = clean_style(style) if self._left > 0 else ""
        return self._known[style]


def clean_style(style: str) -> str:
    """Rebuild a style attribute; empty when nothing of it is on the list."""
    if len(style) > STYLE_SIZE:
        return ""
    if _PLAIN.fullmatch(style):
        return ";".join(_plain_declarations(style))
    if len(_BRACKETS.findall(style)) > NESTING:
        return ""
    declarations = tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)
    return ";".join(_declarations(declarations))


def clean_sheet(sheet: str) -> str:
    """Rebuild a style sheet: plain rules and @media with plain rules in it; empty when it is too long."""
    if len(sheet) > SHEET_SIZE:
        return ""
    bare = sheet.replace("<!--", " ").replace("-->", " ")
    rules = tinycss2.parse_stylesheet(bare, skip_comments=True, skip_whitespace=True)
    return "\n".join(rule for rule in _rules(rules, media=True) if not any(dangers(rule)))


def _rules(rules: Iterable[ast.Node], *, media: bool) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, ast.QualifiedRule):
            text = _rule(rule)
        elif media and isinstance(rule, ast.AtRule) and rule.lower_at_keyword == "media" and rule.content:
            text = _media(rule)
        else:
            text = ""
        if text:
            yield text


def _rule(rule: ast.QualifiedRule) -> str:
    selector = _prelude(rule.prelude)
    content = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    declarations = ";".join(_declarations(content))
    return f"{selector}{{{declarations}}}" if selector and declarations else ""


def _media(rule: ast.AtRule) -> str:
    query = _prelude(rule.prelude)
    inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
    rules = "\n".join(_rules(inner, media=False))
    return f"@media {query}{{{rules}}}" if query and rules else ""


def _prelude(tokens: list[ast.Node]) -> str:
    """Write a selector or media query; empty when it is broken, could end a <style> or is nested too deeply."""
    if _depth_exceeds(tokens) or _broken(tokens):
        return ""
    text: str = tinycss2.serialize(tokens).strip()
    return "" if any(char in text for char in "<&\\{}") or "url(" in text.lower() else text


def _declarations(nodes: Iterable[ast.Node]) -> Iterator[str]:
    for node in nodes:
        if not isinstance(node, ast.Declaration) or node.lower_name not in PROPERTIES or _depth_exceeds(node.value):
            continue
        if not _harmless(node.value):
            continue
        value = tinycss2.serialize(node.value).strip()
        if value and not any(char in value for char in "<&\\{}"):
            yield f"{node.lower_name}:{value}{'!important' if node.important else ''}"


def _harmless(tokens: Iterable[ast.Node]) -> bool:
    """Tell whether a value calls listed functions only. Bounded: the caller has looked at the depth."""
    for token in tokens:
        if isinstance(token, ast.FunctionBlock):
            if token.lower_name not in FUNCTIONS or not _harmless(token.arguments):
                return False
        elif isinstance(token, (ast.ParenthesesBlock, ast.SquareBracketsBlock)):
            if not _harmless(token.content):
                return False
        elif isinstance(token, (ast.URLToken, ast.ParseError, ast.CurlyBracketsBlock, ast.AtKeywordToken)):
            return False
    return True


def _broken(tokens: Iterable[ast.Node]) -> bool:
    """Tell whether something in a selector could not be read. Bounded: the caller has looked at the depth."""
    return any(isinstance(token, (ast.ParseError, ast.URLToken)) or _broken(_inside(token)) for token in tokens)


def _depth_exceeds(tokens: Iterable[ast.Node]) -> bool:
    """Tell whether brackets are nested more than NESTING deep, without recursion."""
    level = list(tokens)
    for _ in range(NESTING):
        level = [inner for token in level for inner in _inside(token)]
        if not level:
            return False
    return True


def _inside(token: ast.Node) -> list[ast.Node]:
    inside: list[ast.Node] = getattr(token, "arguments", None) or getattr(token, "content", None) or []
    return inside


def _plain_declarations(style: str) -> Iterator[str]:
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), _BLANKS.sub(" ", value).strip(" ")
        if colon and name in PROPERTIES and value and "&" not in value:
            yield f"{name}:{value}"
