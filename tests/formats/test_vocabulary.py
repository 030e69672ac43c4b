"""Names told at once are those that expat gives tag by tag, or nothing is told; and so are depth and copies."""

from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.formats.office.cut import DROP, Answer, Attributes, Cutter, Handler, Name
from attachguard.formats.office.vocabulary import MOST, MOST_NAMES, SPARSE, is_shallow, vocabulary
from attachguard.formats.refusal import Refused
from attachguard.model import Limits

W = 'xmlns:w="http://w.example/"'
PLAIN = f'<w:a {W}><w:b w:c="1" d="2"/>text</w:a>'
NOT_PLAIN = {
    "a comment": f"<w:a {W}><!-- <w:hidden/> --></w:a>",
    "a CDATA section": f"<w:a {W}><![CDATA[<w:hidden/>]]></w:a>",
    "a processing instruction": f"<w:a {W}><?hidden x?></w:a>",
    "an instruction before the root": f"<?xml version='1.0'?><?hidden x?><w:a {W}/>",
    "a DOCTYPE": f"<!DOCTYPE w:a><w:a {W}/>",
    "another encoding": f"<?xml version='1.0' encoding='IBM037'?><w:a {W}/>",
    "another encoding, named far away": f"<?xml version='1.0' encoding{' ' * 40}='utf-7'?><w:a {W}/>",
    "two encodings": f"<?xml version='1.0' encoding='utf-7' encoding='utf-8'?><w:a {W}/>",
    "an encoding in the version": f"""<?xml version="encoding='utf-8'" encoding='utf-7'?><w:a {W}/>""",
    "a prefix declared again": f'<w:a {W}><w:b xmlns:w="http://other.example/"/></w:a>',
    "a prefix of an element below": f'<w:a {W}><v:b xmlns:v="http://v.example/"/></w:a>',
    "a prefix of nothing": f"<w:a {W}><v:b/></w:a>",
    "an empty prefix": f"<w:a {W}><:b/></w:a>",
    "two prefixes": f"<w:a {W}><w:b:c/></w:a>",
    "two prefixes for one namespace": f'<w:a {W} xmlns:v="http://w.example/"/>',
    "a default namespace below": f'<w:a {W}><b xmlns="http://v.example/"/></w:a>',
    "no namespace below": '<a xmlns="http://v.example/"><b xmlns=""/></a>',
    "the namespace of xml": '<a xmlns:b="http://www.w3.org/XML/1998/namespace"><b:c/></a>',
    "the prefix xml": '<a xmlns:xml="http://v.example/"><xml:c/></a>',
    "a reference in a namespace": '<w:a xmlns:w="http&#58;//w.example/"/>',
    "a namespace with a blank": '<w:a xmlns:w=" http://w.example/"/>',
    "text that speaks of xmlns": f"<w:a {W}>xmlns:w</w:a>",
    "a name that begins with a digit": f"<w:a {W}><w:1b/></w:a>",
    "an attribute without a name": f'<w:a {W}><w:b w:="x"/></w:a>',
    "a letter beyond ASCII": f"<w:a {W}><w:é/></w:a>",
    "a prefix that begins with a digit": f'<w:a {W} xmlns:1="http://v.example/"/>',
    "an empty prefix, declared": f'<w:a {W} xmlns:="http://v.example/"/>',
    "a declaration in a value": """<w:a x=' xmlns:w="http://w.example/"'/>""",
    "a default declaration in a value": """<a x=' xmlns="http://w.example/"'/>""",
    "a quote in a namespace": """<w:a xmlns:w="http://w.example/'"/>""",
    "a long namespace": f'<w:a xmlns:w="http://w.example/{"u" * 200}">{"<w:b/>" * 99}</w:a>',
    "many names": f"<w:a {W}>{''.join(f'<w:b{number}/>' for number in range(MOST_NAMES))}</w:a>",
    "no element": "text",
    "nothing": "",
}


@pytest.mark.parametrize("document", NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
def test_of_a_document_that_is_not_plain_nothing_is_told(document: str) -> None:
    assert vocabulary(document.encode()) is None


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "cp037"])
def test_of_another_encoding_nothing_is_told(codec: str) -> None:
    assert vocabulary(PLAIN.encode(codec)) is None


def test_names_come_as_expat_gives_them() -> None:
    for head in ("", "<?xml version='1.0' encoding='utf-8'?>\n", "\ufeff", "\n"):
        told = vocabulary((head + PLAIN + "\n").encode())
        assert told is not None
        assert told.elements == {"http://w.example/ a w", "http://w.example/ b w"}
        assert told.attributes == {"http://w.example/ c w", "d"}
        assert (head + PLAIN + "\n").encode()[told.begin : told.stop] == PLAIN.encode()


def test_a_large_document_and_one_of_few_tags_are_left_to_the_parser() -> None:
    assert vocabulary(f"<w:a {W}>{'<w:b/>' * (MOST // 6)}</w:a>".encode()) is None
    assert vocabulary(f"<w:a {W}>{'x' * 3 * SPARSE}</w:a>".encode()) is None


@pytest.mark.parametrize(
    "inner",
    ["<b>" * 9 + "</b>" * 9, "<b><c/></b>" * 9, "<b x='/'><c y=\"a/b\"/></b>", "/<b>/</b>/", "<b\n/>" * 3, "<b></b>"],
)
def test_the_depth_is_told_as_it_is(inner: str) -> None:
    document = f"<a>{inner}</a>".encode()
    real = heard(document)[2]
    assert is_shallow(document, real)
    assert not is_shallow(document, real - 1)


@pytest.mark.parametrize("inner", ["<b x='/>'><c/></b>", "<b>/></b>", "<b x='>'/>"])
def test_a_bracket_in_a_value_or_in_text_hides_no_depth(inner: str) -> None:
    assert not is_shallow(f"<a>{inner}</a>".encode(), 99)


NAMES = st.sampled_from(["w:a", "w:b", "v:c", "d", "e", "xml:f", "é", "w:é"])
BLANKS = st.sampled_from([" ", "\n", " \t", "  "])
VALUES = st.text("ab=:/'<>& \t\n#;xmlns", max_size=12).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))
NAMESPACES = st.sampled_from(
    [W, 'xmlns:v = "http://v.example/"', "xmlns='http://v.example/'", 'xmlns=""', 'xmlns:w="u:x"']
)
ATTRIBUTES = st.one_of(
    st.builds(
        lambda name, blank, value: f"{name}{blank}={blank}{quoted(value)}", NAMES, st.sampled_from(["", " "]), VALUES
    ),
    NAMESPACES,
)


def quoted(value: str) -> str:
    """Put a value into quotes that it can be in."""
    return f'"{value}"' if "'" in value else f"'{value}'"


def element(name: str, attributes: list[tuple[str, str]], inner: str | None) -> str:
    tag = name + "".join(blank + attribute for blank, attribute in attributes)
    return f"<{tag}/>" if inner is None else f"<{tag}>{inner}</{name}>"


DOCUMENTS = st.builds(
    lambda namespaces, inner: f"<w:root {' '.join([W, *namespaces])}>{inner}</w:root>",
    st.lists(NAMESPACES, max_size=2),
    st.recursive(
        st.one_of(VALUES, st.sampled_from(["<!-- <w:h/> -->", "<![CDATA[<w:h/>]]>", "]] >", ' x="y"'])),
        lambda inner: st.lists(
            st.builds(element, NAMES, st.lists(st.tuples(BLANKS, ATTRIBUTES), max_size=3), st.none() | inner),
            max_size=4,
        ).map("".join),
        max_leaves=12,
    ),
)


def heard(document: bytes) -> tuple[set[str], set[str], int]:
    """Ask expat for every tag: names of elements, of attributes, and how deep they nest."""
    elements: set[str] = set()
    attributes: set[str] = set()
    depth = [0, 0]

    def start(name: str, values: dict[str, str]) -> None:
        elements.add(name)
        attributes.update(values)
        depth[0] += 1
        depth[1] = max(depth)

    def end(_: str) -> None:
        depth[0] -= 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.namespace_prefixes = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(document, True)
    return elements, attributes, depth[1]


@given(DOCUMENTS)
def test_no_name_is_left_out_and_no_depth_is_hidden(document: str) -> None:
    data = document.encode()
    told = vocabulary(data)
    if told is None or not_even_xml(data):
        return
    elements, attributes, depth = heard(data)  # nor is there anything wrong with its namespaces
    assert elements <= told.elements
    assert attributes <= told.attributes
    assert not is_shallow(data, depth - 1)


def not_even_xml(data: bytes) -> bool:
    """Tell whether a parser that knows nothing of namespaces finds fault too."""
    try:
        expat.ParserCreate("utf-8").Parse(data, True)
    except expat.ExpatError:
        return True
    return False


@given(DOCUMENTS, st.sets(st.sampled_from(["b", "c", "e", "é"])))
def test_a_copy_is_the_same_whether_names_or_tags_were_looked_at(document: str, going: set[str]) -> None:
    with_comment = document.replace("<w:root", "<!-- makes it be read tag by tag --><w:root", 1)
    assert copied(document, going) == copied(with_comment, going)


def copied(document: str, going: set[str]) -> bytes | str:
    """Copy a document without some elements; gives the copy or why there is none."""

    def resolve(name: Name) -> Handler | None:
        return drop if name.local in going else None

    try:
        return Cutter(document.encode(), "part", Limits(), resolve, lambda _: None).copy()
    except Refused as refused:
        return refused.finding.code


def drop(cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
    del cutter, name, attributes, start
    return DROP
