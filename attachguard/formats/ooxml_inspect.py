"""Look into docx and xlsx: everything that could act, load, hide or exhaust, and the files inside.

Every member is inflated under the limits and every XML part is read to its end, whether a relationship leads to it
or not: programs differ in what they follow. Relationships are held against an allow-list by the last segment of
their type, which is the same in the transitional, strict and Microsoft namespaces.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from attachguard.formats import ole
from attachguard.formats.formulas import SHAPES, formula_findings, shape_of
from attachguard.formats.harvest import Harvest
from attachguard.formats.links import is_elsewhere, is_plain_link, leads_nowhere_inside
from attachguard.formats.office.calm import blanked
from attachguard.formats.office.cut import name_of
from attachguard.formats.office.pictures import picture_findings
from attachguard.formats.office.vocabulary import Vocabulary, is_shallow, vocabulary
from attachguard.formats.ooxml import (
    CONTENT_TYPES,
    ContentTypes,
    Relationship,
    part_key,
    read_content_types,
    read_relationships,
)
from attachguard.formats.packages import inspect_package
from attachguard.formats.refusal import Refused
from attachguard.formats.svgscan import NAMESPACE, svg_dangers
from attachguard.formats.wordfields import STORIES, Fields
from attachguard.formats.xmlscan import local, walk, well_formed
from attachguard.formats.zip import LOCAL, Member, Package, unpack
from attachguard.model import Inspection, Limits

HARMLESS = frozenset(
    word
    for line in (
        # ISO/IEC 29500-1 section 15.2, shared parts
        "officedocument core-properties extended-properties custom-properties metadata/core-properties thumbnail theme",
        "themeoverride image font fonttable customxml customxmlprops chart chartusershapes drawing vmldrawing",
        "hyperlink diagramcolors diagramdata diagramlayout diagramquickstyle diagramdrawing audio video media hdphoto",
        "printersettings origin signature certificate",
        # section 11.3, WordprocessingML
        "styles settings websettings numbering footnotes endnotes comments header footer glossarydocument",
        # section 12.3, SpreadsheetML
        "worksheet chartsheet dialogsheet sharedstrings calcchain table tablesinglecells pivottable",
        "pivotcachedefinition pivotcacherecords sheetmetadata revisionheaders revisionlog usernames xmlmaps",
        "customproperty querytable",
        # [MS-DOCX] and [MS-XLSX] section 2, [MS-ODRAWXML]
        "styleswitheffects commentsextended commentsids commentsextensible people documenttasks slicer slicercache",
        "timeline timelinecache threadedcomment person chartex chartstyle chartcolorstyle ctrlprop rdrichvalue",
        "rdrichvaluestructure rdrichvaluetypes rdrichvaluewebimage richvaluerel rdarray rdsupportingpropertybag",
        "rdsupportingpropertybagstructure richstyles richstyleslist featurepropertybag namedsheetview wssortmap",
        "sheetcomments classificationlabels ink inkxml model3d legacydiagramtext recovered shareddrawing",
        "pivottableusershapes timelinestyles survey",
        # what Google and WPS write beside them
        "workbookmetadata documentmetadata presentationmetadata wpscustomdata cellimage",
    )
    for word in line.split()
)
"""Relationships inside the package that only show, describe or style."""

DANGEROUS: Mapping[str, str] = {
    "vbaproject": "ooxml.macros",
    "vbaprojectsignature": "ooxml.macros",
    "vbaprojectsignatureagile": "ooxml.macros",
    "vbaprojectsignaturev3": "ooxml.macros",
    "wordvbadata": "ooxml.macros",
    "attachedtoolbars": "ooxml.macros",
    "keymapcustomizations": "ooxml.macros",
    "xlmacrosheet": "ooxml.xlm",
    "xlintlmacrosheet": "ooxml.xlm",
    "control": "ooxml.activex",
    "activexcontrol": "ooxml.activex",
    "activexcontrolbinary": "ooxml.activex",
    "oleobject": "ooxml.embedded",
    "package": "ooxml.embedded",
    "attachedtemplate": "ooxml.external",
    "externallink": "ooxml.external",
    "externallinkpath": "ooxml.external",
    "externallinklong": "ooxml.external",
    "frame": "ooxml.external",
    "subdocument": "ooxml.external",
    "mailmergesource": "ooxml.external",
    "mailmergeheadersource": "ooxml.external",
    "mailmergerecipientdata": "ooxml.external",
    "recipientdata": "ooxml.external",
    "transform": "ooxml.external",
    "afchunk": "ooxml.alt_chunk",
    "connections": "ooxml.connection",
    "volatiledependencies": "ooxml.formula",
    "extensibility": "ooxml.custom_ui",
    "usercustomization": "ooxml.custom_ui",
    "webextension": "ooxml.web_extension",
    "webextensiontaskpanes": "ooxml.web_extension",
    "taskpanes": "ooxml.web_extension",
}
"""Relationships that act or load, wherever they lead (ISO/IEC 29500-1 section 15.2, [MS-OFFMACRO2] section 2.2)."""

TYPES: tuple[tuple[str, str], ...] = (
    ("vbaproject", "ooxml.macros"),
    ("macroenabled", "ooxml.macros"),
    ("vbadata", "ooxml.macros"),
    ("keymapcustomizations", "ooxml.macros"),
    ("attachedtoolbars", "ooxml.macros"),
    ("macrosheet", "ooxml.xlm"),
    ("activex", "ooxml.activex"),
    ("oleobject", "ooxml.embedded"),
    ("spreadsheetml.externallink", "ooxml.external"),
    ("spreadsheetml.connections", "ooxml.connection"),
    ("volatiledependencies", "ooxml.formula"),
    ("webextension", "ooxml.web_extension"),
)
"""Pieces of media types of parts that act, also of parts that no relationship leads to."""

ELEMENTS: Mapping[str, str] = {
    "altChunk": "ooxml.alt_chunk",
    "subDoc": "ooxml.external",
    "OLEObject": "ooxml.embedded",
    "oleObject": "ooxml.embedded",
    "objectEmbed": "ooxml.embedded",
    "objectLink": "ooxml.external",
    "oleLink": "ooxml.external",
    "ocx": "ooxml.activex",
    "ddeLink": "ooxml.dde",
    "frame": "ooxml.external",
    "mailMerge": "ooxml.external",
    "webVideoPr": "ooxml.external",
    "macrosheet": "ooxml.xlm",
}
"""Elements that act by being there. <control> is not among them: workbooks write it for harmless form controls too, and
for ActiveX there is a relationship (ISO/IEC 29500-1 sections 17.17.2, 18.3.1, 18.14; [MS-DOCX] section 2.5.3.1 for the
page of a film, which is HTML)."""

FORMULAS = frozenset(
    {"f", "formula", "formula1", "formula2", "definedName", "calculatedColumnFormula", "totalsRowFormula", "oldFormula"}
)
"""Elements whose text is a formula (ISO/IEC 29500-1 section 18)."""

_FIELD_CODES = {"dde": "ooxml.dde", "field": "ooxml.field", "link": "ooxml.link"}
_FORMULA_CODES = {"dde": "ooxml.dde", "call": "ooxml.formula", "link": "ooxml.link"}

AUTOMATIC = ("auto_open", "auto_close", "auto_activate", "auto_deactivate")
"""Defined names that Excel 4 runs by itself ([MS-XLS] section 2.5.114)."""

WORD_VOCABULARY = "wordprocessingml"
"""Piece of Word's namespaces, transitional and strict."""

_XML_EXTENSIONS = frozenset({"xml", "rels", "vml"})
_REMOTE_ATTRIBUTES = frozenset({"src", "href", "althref", "link"})
LOADING = frozenset({"imagedata", "fill", "stroke", "image", "background"})
"""VML's elements that load what their address leads to, whatever the attribute is called ([MS-OI29500] section 2.2)."""
_MACRO_ATTRIBUTES = frozenset({"macro", "fmlaMacro"})
_OTHER_FILE = re.compile(r"\[[^\]]*[^\]0-9][^\]]*\]|[\\/:]")
"""In the name of a macro: another workbook (`[other.xlsm]`) or a path; `[0]!name` is one of this workbook."""
_STRING = re.compile('"[^"]*"')
_OTHER_BOOK = re.compile(r"'[^'\[]*[\\/:][^'\[]*\[")
"""A workbook by its path, `'\\\\host\\[a.xlsx]b'!A1`: no sheet's name can hold these characters (18.2.19)."""
_ONLY_IN_FIELDS = frozenset({"t", "delText"}) | STORIES
"""Elements that mean nothing where there is no field (`fldChar`, 17.16.18)."""
_INSTRUCTIONS = frozenset({"instrText", "delInstrText"})
_BEGINS_LIKE_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<", b"<\0", b"\0<")


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what acts, loads, hides or exhausts in a Word document or Excel workbook, and hand out what is inside.

    Reading stops at the first limit or contradiction; what was seen until then is reported with it.
    """
    return inspect_package(data, limits, _look)


def _look(whole: Package, harvest: Harvest) -> None:
    types = read_content_types(whole, harvest.limits)
    if len({part_key(member.name) for member in whole.members}) < len(whole.members):
        harvest.note("zip.duplicate", detail="two names that differ in letter case or percent-encoding only")
    for member, content in unpack(whole, harvest.limits):
        _member(whole, member, content, types, harvest)


def _member(whole: Package, member: Member, content: bytes, types: ContentTypes, harvest: Harvest) -> None:
    media_type = types.of(member.name)
    extension = part_key(member.name).rpartition(".")[2]
    for piece, code in TYPES:
        if piece in media_type.replace("-", "").replace(".", "") or piece in media_type:
            harvest.note(code, member.name, media_type)
    if posixpath.basename(member.name).lower() == "vbaproject.bin":
        harvest.note("ooxml.macros", member.name)
    if extension == "rels":
        _relationships(whole, member, harvest)
    elif member.name != CONTENT_TYPES and (
        media_type.endswith(("+xml", "/xml", "vmldrawing")) or extension in _XML_EXTENSIONS
    ):
        _part(member, content, harvest)
    elif content[:64].lstrip().startswith(_BEGINS_LIKE_XML):
        _undeclared(member, content, harvest)
    else:
        _binary(member, content, media_type, harvest)


# -- relationships ---------------------------------------------------------------------------------------------


def _relationships(whole: Package, member: Member, harvest: Harvest) -> None:
    for relationship in read_relationships(whole, member.name, harvest.limits):
        kind, target = relationship.type, relationship.target
        if kind == "hyperlink":
            if _is_outside(relationship) and not is_plain_link(target):
                harvest.note("ooxml.link", member.name, target)
        elif kind == "attachedtemplate" and not is_elsewhere(target):
            continue  # where the letter's paper lay on the sender's disk; Word finds nothing there
        elif kind in DANGEROUS:
            harvest.note(DANGEROUS[kind], member.name, f"{kind}: {target}")
            if _is_outside(relationship):
                harvest.note("ooxml.external", member.name, f"{kind}: {target}")
        elif _is_outside(relationship):
            harvest.note("ooxml.external", member.name, f"{kind}: {target}")
        elif kind not in HARMLESS:
            harvest.note("ooxml.part", member.name, f"{kind}: {target}")


def _is_outside(relationship: Relationship) -> bool:
    """Say whether a relationship leaves the package: by its mode, or by an address that no part can have."""
    return relationship.external or leads_nowhere_inside(relationship.target)


# -- XML parts -------------------------------------------------------------------------------------------------


def _part(member: Member, content: bytes, harvest: Harvest) -> None:
    """Read one XML part to its end for elements, fields, formulas and remote attributes."""
    reader = _PartReader(member.name, harvest)
    calm = blanked(content)
    harvest.count_marks(member.name, calm)
    words = vocabulary(calm)
    if words is None or not reader.is_deaf_to(words) or not is_shallow(calm, harvest.limits.xml_depth):
        walk(calm, member.name, harvest.limits, reader.start, end=reader.end, text=reader.text)
        reader.close()
        if calm == content:
            return
    well_formed(content, member.name)  # nobody has read it yet; and what was blanked may have stood inside of a tag


def _undeclared(member: Member, content: bytes, harvest: Harvest) -> None:
    """Read what begins like XML and is declared as something else: some programs go by relationships alone.

    A page (HTML) that no XML reader can read is none of their parts.
    """
    try:
        _part(member, content, harvest)
    except Refused as refused:
        if refused.finding.code != "file.malformed" and b"<html" not in content[:1024].lower():
            raise


Begins = Callable[[str, Mapping[str, str]], None]
"""Called when an element begins, with its name and attributes."""


class _PartReader:
    """Listens to the events of one part; keeps only the text it has a use for."""

    def __init__(self, where: str, harvest: Harvest) -> None:
        self.where = where
        self.harvest = harvest
        self._stories = [Fields(self._field)]
        self._names: dict[str, tuple[str, Begins | None]] = {}
        self._begins: Mapping[str, Begins] = {
            **dict.fromkeys(ELEMENTS, self._acts),
            **dict.fromkeys((*FORMULAS, "FmlaMacro"), self._text_begins),
            **dict.fromkeys((*_INSTRUCTIONS, "t", "delText"), self._instruction_begins),
            **dict.fromkeys(STORIES, self._story_begins),
            "fldChar": self._mark,
            "fldSimple": self._simple_field,
        }
        self._heard = self._begins.keys() - _ONLY_IN_FIELDS
        self._shapes: set[str] = set()
        self._text: list[str] | None = None
        self._instruction = ""
        """The element whose text belongs to an instruction; empty: none."""

    @property
    def fields(self) -> Fields:
        """The fields of the story that is being read."""
        return self._stories[-1]

    def close(self) -> None:
        """Judge what was never ended."""
        for story in self._stories:
            story.close()

    def is_deaf_to(self, words: Vocabulary) -> bool:
        """Tell whether nothing would come of reading a document that uses these names alone."""
        elements = [name_of(key) for key in words.elements]
        attributes = {name_of(key).local for key in words.attributes}
        return (
            self._heard.isdisjoint(name.local for name in elements)
            and attributes.isdisjoint(_REMOTE_ATTRIBUTES | _MACRO_ATTRIBUTES)
            and not any(name.namespace.startswith(NAMESPACE) for name in elements)
        )

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        known = self._names.get(name)
        if known is None:
            tag = local(name)
            known = self._names[name] = (tag, self._begins.get(tag))
        tag, begins = known
        if begins is not None:
            begins(tag, attributes)
        elif attributes:
            self._attributes(tag, attributes)
        if name.startswith(NAMESPACE):
            for danger, detail in svg_dangers(name, attributes):
                self.harvest.note("ooxml.external" if danger == "external" else "ooxml.part", self.where, detail)

    def end(self, name: str) -> None:
        tag, _ = self._names[name]
        if tag == self._instruction:
            self._instruction = ""
        elif self._text is not None and (tag in FORMULAS or tag == "FmlaMacro"):
            text, self._text = "".join(self._text), None
            if tag != "FmlaMacro":
                self._formula(text)
            elif _OTHER_FILE.search(text):
                self.harvest.note("ooxml.external", self.where, f"{tag}: {text}")
        elif tag in STORIES and len(self._stories) > 1:
            self._stories.pop().close()

    def _acts(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.harvest.note(ELEMENTS[tag], self.where, tag)
        self._attributes(tag, attributes)

    def _text_begins(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._text = []
        if tag == "definedName":
            self._defined_name(attributes)

    def _instruction_begins(self, tag: str, attributes: Mapping[str, str]) -> None:
        del attributes
        if tag in _INSTRUCTIONS or self.fields.in_instruction:
            self._instruction = tag

    def _mark(self, tag: str, attributes: Mapping[str, str]) -> None:
        del tag
        self.fields.mark(_by_local(attributes, "fldCharType"))

    def _simple_field(self, tag: str, attributes: Mapping[str, str]) -> None:
        del tag
        for key, value in attributes.items():
            if local(key) == "instr":  # of any vocabulary: programs may differ in which one they take
                self.fields.whole(value)

    def _story_begins(self, tag: str, attributes: Mapping[str, str]) -> None:
        del tag, attributes
        self._stories.append(Fields(self._field))

    def text(self, text: str) -> None:
        if self._instruction and self.fields.in_instruction:
            self.fields.text(text, deleted=self._instruction.startswith("del"))
        elif self._instruction and text.strip():
            self.harvest.note("ooxml.field", self.where, "an instruction that belongs to no field")
        elif self._text is not None:
            self._text.append(text)

    def _field(self, code: str, keyword: str) -> None:
        self.harvest.note(_FIELD_CODES[code], self.where, keyword)

    def _formula(self, formula: str) -> None:
        if "(" not in formula and "|" not in formula and "[" not in formula:
            return  # numbers and cells, as nearly all are
        shape = shape_of(formula)
        if shape in self._shapes:
            return
        if len(self._shapes) < SHAPES:
            self._shapes.add(shape)
        for danger, detail in formula_findings(formula):
            self.harvest.note(_FORMULA_CODES[danger], self.where, detail)
        if "[" in formula and _OTHER_BOOK.search(_STRING.sub('""', formula)):
            self.harvest.note("ooxml.external", self.where, formula)

    def _defined_name(self, attributes: Mapping[str, str]) -> None:
        name = attributes.get("name", "")
        if name.lower().removeprefix("_xlnm.").startswith(AUTOMATIC) or attributes.get("xlm") in {"1", "true"}:
            self.harvest.note("ooxml.xlm", self.where, name)

    def _attributes(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Look for addresses that are written into the markup instead of a relationship (VML, HTML leftovers)."""
        for key, value in attributes.items():
            if ":" not in value and "\\" not in value and "/" not in value and "[" not in value:
                continue
            attribute = local(key)
            if attribute in _REMOTE_ATTRIBUTES and _is_remote(value):
                code = "ooxml.external" if attribute != "href" or tag in LOADING else "ooxml.link"
                if code == "ooxml.external" or not is_plain_link(value):
                    self.harvest.note(code, self.where, f"{tag}: {value}")
            elif attribute in _MACRO_ATTRIBUTES and _OTHER_FILE.search(value):
                self.harvest.note("ooxml.external", self.where, f"{tag}: {value}")


def _by_local(attributes: Mapping[str, str], wanted: str) -> str:
    """Give the value of an attribute, Word's own where others have its name too; empty when there is none."""
    found = [(WORD_VOCABULARY not in key, value) for key, value in attributes.items() if local(key) == wanted]
    return min(found)[1] if found else ""


def _is_remote(value: str) -> bool:
    return "://" in value or value.startswith(("\\\\", "//")) or value.lower().startswith(("file:", "javascript:"))


# -- other parts -----------------------------------------------------------------------------------------------


def _binary(member: Member, content: bytes, media_type: str, harvest: Harvest) -> None:
    """Hand out every part that is a file of its own by its first bytes, whatever its type says."""
    if "vbaproject" in media_type:
        return
    for finding in picture_findings(content, harvest.limits):
        harvest.note(finding.code, member.name, finding.detail)
    if content.startswith(ole.SIGNATURE):
        harvest.note("ooxml.embedded", member.name, "OLE object")
        for part in _ole_parts(member, content, harvest):
            harvest.hand_out(*part)
    elif content.startswith(LOCAL):
        harvest.note("ooxml.embedded", member.name, "package")
        harvest.hand_out(member.name, posixpath.basename(member.name), content)
    elif content.startswith(
        (b"MZ", b"\x7fELF", b"%PDF-", b"{\\rt", b"Rar!", b"7z\xbc\xaf", b"ITSF", b"L\x00\x00\x00\x01\x14")
    ):
        harvest.note("ooxml.embedded", member.name, "a file of another type")
        harvest.hand_out(member.name, posixpath.basename(member.name), content)


def _ole_parts(member: Member, content: bytes, harvest: Harvest) -> Iterator[tuple[str, str, bytes]]:
    try:
        yield from (
            (f"{member.name}#{stream}" if stream else member.name, name, data)
            for stream, name, data in ole.unwrap(content, posixpath.basename(member.name), harvest.limits)
        )
    except Refused as refused:
        harvest.take((refused.finding,))
