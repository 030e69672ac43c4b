"""OpenDocument texts: told by the mimetype or the manifest, and everything in them that acts."""

import pytest

from attachguard.formats import odt as format_
from attachguard.model import Limits
from tests.formats.office_made import ODF, claimed, docx, inspected, odf_members, odt, packed, seen, sniffed
from tests.formats.ole_made import ole, packaged


def test_an_ordinary_text_is_claimed_and_says_nothing() -> None:
    assert claimed(format_, odt()) == "odt"
    assert sniffed(format_, odt()) == set()
    assert inspected(format_, odt("<text:p>Hello</text:p>")).findings == ()


def test_the_mimetype_counts_wherever_it_stands_and_however_it_is_packed() -> None:
    members = odf_members()
    last = {name: members[name] for name in reversed(members)}
    assert claimed(format_, packed(last)) == "odt"


def test_without_a_mimetype_the_manifest_counts() -> None:
    members = odf_members()
    del members["mimetype"]
    assert claimed(format_, packed(members)) == "odt"


@pytest.mark.parametrize("kind", ["text-template", "text-master", "presentation", "graphics", "database", "chart"])
def test_a_relative_is_claimed_without_a_kind(kind: str) -> None:
    assert claimed(format_, packed(odf_members(kind=kind))) == ""


def test_an_epub_and_a_star_office_document_are_claimed_without_a_kind() -> None:
    assert claimed(format_, packed({"mimetype": "application/epub+zip", "META-INF/container.xml": "<a/>"})) == ""
    assert claimed(format_, packed({"mimetype": "application/vnd.sun.xml.writer"})) == ""


def test_other_packages_are_not_claimed() -> None:
    assert claimed(format_, docx()) is None
    assert claimed(format_, packed({"a": "b"})) is None
    assert claimed(format_, b"mimetype" + ODF.encode() + b"text") is None


def test_a_mimetype_and_a_manifest_that_disagree_are_told() -> None:
    members = {**odf_members(kind="spreadsheet"), "mimetype": ODF + "text"}
    assert sniffed(format_, packed(members)) == {"zip.inconsistent"}


def test_an_encrypted_text_is_told_when_sniffed_and_when_inspected() -> None:
    secret = '<manifest:file-entry manifest:full-path="x"><manifest:encryption-data/></manifest:file-entry>'
    assert sniffed(format_, odt(manifest=secret)) == {"file.encrypted"}
    assert seen(format_, odt(manifest=secret)) == {"file.encrypted"}


def test_members_of_other_types_make_a_polyglot() -> None:
    assert sniffed(format_, odt(more={"META-INF/MANIFEST.MF": "Main-Class: A"})) == {"type.polyglot"}


def test_a_macro_library_is_told_and_an_empty_one_is_not() -> None:
    assert seen(format_, odt(more={"Basic/Standard/Module1.xml": "<a/>"})) == {"odf.script"}
    assert seen(format_, odt(more={"Basic/script-lc.xml": "<a/>", "Basic/Standard/script-lb.xml": "<a/>"})) == set()
    assert seen(format_, odt(more={"Scripts/python/x.py": "print()"})) == {"odf.script"}


def test_a_script_element_is_told_and_an_empty_list_of_scripts_is_not() -> None:
    assert seen(format_, odt('<office:scripts><office:script script:language="x"/></office:scripts>')) == {"odf.script"}
    assert seen(format_, odt("<office:scripts/>")) == set()


def test_an_event_listener_is_told_with_the_script_it_calls() -> None:
    listener = '<script:event-listener xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic"/>'
    assert seen(format_, odt(listener)) == {"odf.event", "odf.script"}


@pytest.mark.parametrize(
    ("element", "code"),
    [
        ("draw:applet", "odf.embedded"),
        ("draw:plugin", "odf.embedded"),
        ("draw:object-ole", "odf.embedded"),
        ("text:dde-connection", "odf.dde"),
        ("office:dde-source", "odf.dde"),
        ("draw:floating-frame", "odf.external"),
        ("meta:auto-reload", "odf.external"),
    ],
)
def test_an_element_that_acts_is_told(element: str, code: str) -> None:
    assert seen(format_, odt(f"<{element}/>")) == {code}


@pytest.mark.parametrize(
    "address", ["http://example.org/x.png", "file:///etc/passwd", "//server/x", "../outside.png", "\\\\server\\x"]
)
def test_something_loaded_from_outside_is_told(address: str) -> None:
    assert seen(format_, odt(f'<draw:image xlink:href="{address}"/>')) == {"odf.external"}


@pytest.mark.parametrize("address", ["Pictures/a.png", "./Object 1", "#Sheet1", ""])
def test_something_of_the_package_itself_says_nothing(address: str) -> None:
    assert seen(format_, odt(f'<draw:image xlink:href="{address}"/>')) == set()


def test_a_link_to_the_web_says_nothing_and_any_other_is_told() -> None:
    assert seen(format_, odt('<text:a xlink:href="https://example.org">x</text:a>')) == set()
    assert seen(format_, odt('<text:a xlink:href="file:///c:/x.exe">x</text:a>')) == {"odf.link"}
    assert seen(format_, odt('<text:a xlink:href="macro:///Standard.A.B()">x</text:a>')) == {"odf.script"}


def test_where_a_template_came_from_says_nothing_unless_it_is_another_computer() -> None:
    assert seen(format_, odt('<meta:template xlink:href="../templates/a.ott"/>')) == set()
    assert seen(format_, odt('<meta:template xlink:href="http://example.org/a.ott"/>')) == {"odf.external"}


def test_a_packaged_file_is_handed_out() -> None:
    found = inspected(format_, odt(more={"Object 1": ole({"\x01Ole10Native": packaged("a.txt", b"hello")})}))
    assert {finding.code for finding in found.findings} == {"odf.embedded"}
    assert [(part.untrusted_name, part.data) for part in found.parts] == [("a.txt", b"hello")]


def test_a_chart_says_nothing_and_a_document_inside_is_told() -> None:
    entry = '<manifest:file-entry manifest:full-path="Object 1/" manifest:media-type="{}"/>'
    assert seen(format_, odt(manifest=entry.format(ODF + "chart"))) == set()
    assert seen(format_, odt(manifest=entry.format(ODF + "spreadsheet"))) == {"odf.embedded"}


def test_what_acts_in_a_sub_document_is_told() -> None:
    sub = str(odf_members("<draw:applet/>")["content.xml"])
    assert seen(format_, odt(more={"Object 1/content.xml": sub})) == {"odf.embedded"}


def test_a_doctype_without_declarations_passes_and_one_with_them_does_not() -> None:
    manifest = str(odf_members()["META-INF/manifest.xml"])
    bare = '<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd">'
    assert seen(format_, odt(more={"META-INF/manifest.xml": bare + manifest})) == set()
    declaring = '<!DOCTYPE a [<!ENTITY b "c">]>'
    assert "xml.doctype" in seen(format_, odt(more={"META-INF/manifest.xml": declaring + manifest}))


def test_limits_stop_the_reading() -> None:
    assert seen(format_, odt("<text:p>" * 300 + "</text:p>" * 300)) == {"limit.xml_depth"}
    assert seen(format_, odt(), Limits(inflated_size=100)) == {"limit.inflated_size"}
    assert seen(format_, b"no package") == {"file.malformed"}
