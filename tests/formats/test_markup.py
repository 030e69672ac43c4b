"""Tags are found as browsers find them, whatever stands around them, in linear time."""

import time

import pytest

from attachguard.formats.markup import MarkupError, Tag, first_tag, readings, tags


def telling(text: str) -> list[tuple[str, dict[str, str]]]:
    return [(tag.name, dict(tag.attributes)) for tag in tags(text)]


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ('<p onclick="a">', {"onclick": "a"}),
        ("<P ONCLICK='a b'>", {"onclick": "a b"}),
        ("<p/onclick=a/b>", {"onclick": "a/b"}),
        ("<p\n\tonclick\n=\n'a'>", {"onclick": "a"}),
        ("<p class='x'onclick=a>", {"class": "x", "onclick": "a"}),
        ("<p onclick>", {"onclick": ""}),
        ("<p onclick=>", {"onclick": ""}),
        ("<p =onclick=a>", {"=onclick": "a"}),
        ("<p title='>' onclick=a>", {"title": ">", "onclick": "a"}),
        ("<p onclick='&#97;&lt;&quot'>", {"onclick": 'a<"'}),
        ("<p onclick='&#" + "9" * 5000 + ";'>", {"onclick": "\ufffd"}),
        ("<p onclick=a", {"onclick": "a"}),
        ("<p onclick='a", {"onclick": "a"}),
    ],
)
def test_attributes_are_read_however_they_are_written(text: str, attributes: dict[str, str]) -> None:
    assert telling(text) == [("p", attributes)]


@pytest.mark.parametrize(
    "text",
    [
        "<p class=a>text</p>",
        "<td width='5%' align=\"left\">",
        "<br/>",
        "<div id=x data-onclick=y>",
        "a < b",
        "<!-- <script> -->",
        "<!doctype html>",
        "<?php <script ?>",
        "</ script>",
        "<3",
        "<!--> <!-- <form> -->",
        "<title><script></title>",
    ],
)
def test_what_can_not_matter_is_left_out(text: str) -> None:
    assert [tag.name for tag in tags(text) if tag.name != "title"] == []


@pytest.mark.parametrize(
    "text",
    [
        "<!--><script>",
        "<!---><script>",
        "<!-- a --!><script>",
        "<!-- a -- b --><script>",
        "<!a><script>",
        "<?a><script>",
        "</a><script>",
        "</ a><script>",
        "<![CDATA[ > <script> ]]>",
        "<textarea></textarea ><script>",
        "<TITLE></title/><script>",
        "<a <script>",
        "<p title=`><script>",
        "<script",
        "<p a='b'><SCRIPT\n>",
    ],
)
def test_tags_are_found_behind_anything_else(text: str) -> None:
    assert any("script" in name or "<script" in attributes for name, attributes in telling(text))


def test_raw_text_belongs_to_its_tag() -> None:
    assert list(tags("a<style>b <i> c</style>d")) == [Tag("style", (), 1, "b <i> c")]


@pytest.mark.parametrize(
    "text",
    [
        "<svg><style><form></style></svg>",
        "<select><title><form></title></select>",
        "<svg><![CDATA[><!--]]><form>",
        "<noscript><p title='</noscript><form>'>",
        "<math><textarea><form>",
    ],
)
def test_one_of_the_readings_sees_what_hides_in_raw_text(text: str) -> None:
    assert "form" in {tag.name for reading in readings(text) for tag in reading}


def test_a_tag_with_more_attributes_than_anybody_writes_is_refused() -> None:
    with pytest.raises(MarkupError):
        list(tags("<a " + "b=c " * 1001 + "href=x>"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<p>", "p"),
        (" \n<!-- a --><?x?><!x>\n<P", "p"),
        ("<!DocType HTML>", "html"),
        ("text <p>", None),
        ("</p>", None),
        ("<!-- never closed <p>", None),
        ("", None),
    ],
)
def test_the_first_tag_is_named_when_nothing_else_stands_before_it(text: str, name: str | None) -> None:
    assert first_tag(text) == name


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<!-- a -->", "<a", "<a b='", "<a b=\"c' ", "<p src=x>", "<style>", "<![CDATA[", "<noscript>", "&#9"],
)
def test_time_grows_with_size_only(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        try:
            for reading in readings(text):
                for _ in reading:
                    pass
        except MarkupError:
            pass
        return time.process_time() - start

    assert seconds(400_000) < 10 * seconds(100_000) + 0.2
