"""What is kept of the markup in parts of docx and xlsx: which elements and attributes go, and what becomes of formulas.

Every user of a relationship that is not followed goes too: as a whole, or, where an element is more than its
relationship, without the attribute.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from attachguard.formats.formulas import SHAPES, shape_of
from attachguard.formats.links import is_plain_link
from attachguard.formats.office.cut import (
    DROP,
    Answer,
    AttributeRule,
    Attributes,
    Changes,
    Cutter,
    Dropped,
    Handler,
    Name,
    Open,
    name_of,
)
from attachguard.formats.office.formula import only_calculates
from attachguard.formats.office.graph import Node
from attachguard.formats.office.wordfields import Fields, is_allowed
from attachguard.formats.ooxml_inspect import AUTOMATIC, FORMULAS, LOADING, WORD_VOCABULARY
from attachguard.formats.wordfields import STORIES
from attachguard.model import Limits

NAMESPACES = (
    "http://schemas.openxmlformats.org/",  # ISO/IEC 29500, transitional
    "http://purl.oclc.org/ooxml/",  # strict
    "http://schemas.microsoft.com/office/",  # [MS-DOCX], [MS-XLSX], [MS-ODRAWXML]
    "urn:schemas-microsoft-com:",  # VML and its office extensions
    "http://www.w3.org/2003/InkML",
    "http://www.w3.org/XML/1998/namespace",
)
"""Beginnings of namespaces whose elements are copied."""

_VML_ROOT = Name(namespace="", local="xml", prefix="")
"""What VML drawings are wrapped in."""

RELATIONSHIPS = frozenset(
    {
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
)
"""Namespaces of attributes that name a relationship (22.8.2)."""

GOING = frozenset(
    word
    for line in (
        # what acts by being there (inspection's table, 17.17.2, 18.3.1)
        "altChunk subDoc OLEObject oleObject objectEmbed objectLink oleLink ocx ddeLink frameset frame mailMerge",
        "externalData attachedTemplate webVideoPr macrosheet",
        # 17.15.1: what loads or names something outside
        "attachedSchema saveThroughXslt linkStyles documentType docVars schemaLibrary webPublishing webPublishItems",
        # 17.5.2.6 and [MS-DOCX]: shown already, and its data stays behind
        "dataBinding",
        # 17.16.6, 17.16.12, 17.16.16: binary data of fields, macros of form fields
        "fldData entryMacro exitMacro",
        # VML's office extensions ([MS-OI29500]): macros and objects behind shapes
        "FmlaMacro FmlaPict Cf",
        # 18.2.25: file sharing names; 18.13: data from outside
        "dbPr olapPr webPr textPr xmlColumnPr queryTableDeletedFields svgBlip",
        # sound and video (20.1.3), embedded fonts (17.8.3)
        "audioFile videoFile quickTimeFile wavAudioFile audioCd snd embedRegular embedBold embedItalic embedBoldItalic",
    )
    for word in line.split()
)
"""Elements that are not copied, whatever they hold."""

PRUNED = frozenset(
    word
    for line in (
        "definedNames oleObjects externalReferences hyperlinks controls pivotCaches tableParts ext extLst ddeItems",
        "slicerCaches slicerList timelineCacheRefs timelineRefs object customSheetViews volTypes drawingHF",
    )
    for word in line.split()
)
"""Containers that go when all they held has gone: most may not be empty."""

STRIPPED = frozenset({"pageSetup", "blip", "imagedata", "fill", "stroke", "hlinkClick", "pivotCacheDefinition"})
"""Elements that stay when their relationship goes, without the attribute."""

LEAVES = frozenset({"t", "delText", "tab", "br", "cr", "sym", "drawing", "pict", "object", "noBreakHyphen", "ptab"}) | {
    "softHyphen",
    "footnoteReference",
    "endnoteReference",
    "AlternateContent",
    "ruby",
    "lastRenderedPageBreak",
    "dayShort",
    "pgNum",
}
"""Children of a run that show something (17.3.3)."""

MACRO_ATTRIBUTES = frozenset({"macro", "fmlaMacro"})
ADDRESSES = frozenset({"src", "href", "althref", "link"})
DROPPED_ATTRIBUTES = frozenset({"queryTableFieldId", "connectionId", "action"})
_QUERY = "queryTable"
_LOST = "#REF!"
"""What Excel itself writes for what a formula can't reach any more."""


@dataclass(slots=True, kw_only=True)
class Around:
    """What the parts of one package share while it is copied."""

    kind: str
    limits: Limits
    gone_sheets: list[str] = field(default_factory=list)
    """Names, lower case, of sheets that are left out."""
    gone_numbers: list[int] = field(default_factory=list)
    """And their places among all sheets."""
    formulas: int = 0
    """Formulas that gave way to their values."""
    links: int = 0
    """Links that can't be clicked any more."""


def copy_part(node: Node, around: Around) -> bytes:
    """Copy one XML part by the rules. Raises Refused."""
    return _Part(node, around).copy()


class _Part:
    def __init__(self, node: Node, around: Around) -> None:
        self._around = around
        self._kept: Collection[str] = {kept.id for kept in node.relationships}
        self._shared: dict[str, list[tuple[int, int]]] = {}
        """Formulas of a part that share another cell's, by its number (18.3.1.40)."""
        self._bad_shared: set[str] = set()
        self._calculating: dict[str, bool] = {}
        """Whether formulas of a shape may stay."""
        self._formula: tuple[Name, Attributes] | None = None
        self._sheets = 0
        self._cutter = Cutter(node.content, node.name, around.limits, self._resolve, self._resolve_attribute)
        self._stories = [Fields(self._cutter)]
        self._has_fields = around.kind == "docx" and b"fldChar" in self._cutter.data

    @property
    def _fields(self) -> Fields:
        """The fields of the story that is being copied."""
        return self._stories[-1]

    def copy(self) -> bytes:
        return self._cutter.copy(finish=self._finish)

    def _finish(self) -> None:
        for story in self._stories:
            story.close()
        for number in self._bad_shared:
            for start, stop in self._shared.get(number, ()):
                self._cutter.replace(start, stop)

    # -- elements --------------------------------------------------------------------------------------------------

    def _resolve(self, name: Name) -> Handler | None:
        if name.local in GOING or not (name.namespace.startswith(NAMESPACES) or name == _VML_ROOT):
            return _go
        if name.local in FORMULAS:
            return self._formula_begins
        if name.local in _SPECIAL:
            return _SPECIAL[name.local](self)
        if self._has_fields and name.local in LEAVES:
            return self._leaf_begins
        if self._has_fields and name.local in STORIES:
            return self._story_begins
        return _prune if name.local in PRUNED else None

    def _story_begins(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Read the fields of a text box, a note or an alternative by themselves."""
        del cutter, name, attributes
        self._stories.append(Fields(self._cutter))
        return Open(start=start, end=self._story_ends)

    def _story_ends(self, element: Open, at: int, stop: int) -> None:
        del element, at, stop
        self._stories.pop().close()

    def _leaf_begins(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        del attributes
        if not self._fields.in_field or not cutter.path or cutter.path[-1].local != "r":
            return cutter.pruned(start) if name.local == "object" else None
        if self._fields.in_instruction and name.local in {"t", "delText"}:
            deleted = name.local == "delText"
            return cutter.collecting(start, self._deleted_ends if deleted else self._instruction_ends)
        return Open(start=start, end=self._leaf_ends)

    def _leaf_ends(self, element: Open, at: int, stop: int) -> None:
        del at
        self._fields.leaf(element.start, stop)

    def instruction(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Take a piece of a field's instruction (17.16.23); anywhere else it shows nothing and goes."""
        del attributes
        if not self._fields.in_instruction:
            return DROP
        deleted = name.local == "delInstrText"
        return cutter.collecting(start, self._deleted_ends if deleted else self._instruction_ends)

    def _instruction_ends(self, element: Open, at: int, stop: int) -> None:
        del at
        self._fields.text(self._cutter.collected())
        self._fields.leaf(element.start, stop)

    def _deleted_ends(self, element: Open, at: int, stop: int) -> None:
        del at
        self._fields.text(self._cutter.collected(), deleted=True)
        self._fields.leaf(element.start, stop)

    def field_mark(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Take a field character (17.16.18)."""
        del cutter, name
        kind = by_local(attributes, "fldCharType")

        def end(element: Open, at: int, stop: int) -> None:
            del at
            self._fields.mark(kind, element.start, stop)

        return Open(start=start, end=end)

    def simple_field(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Take a field in one piece (17.16.19)."""
        del name
        instructions = [value for key, value in attributes.items() if name_of(key).local == "instr"]
        return None if all(is_allowed(value) for value in instructions) else cutter.unwrapped(start)

    def hyperlink(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Keep a link that leads somewhere allowed, and the text of any other (17.16.22, 18.3.1.47)."""
        gone = [key for key, value in attributes.items() if _is_id(name_of(key)) and value not in self._kept]
        if not gone:
            return None
        self._around.links += 1
        if by_local(attributes, "anchor") or by_local(attributes, "location"):
            cutter.change(start, dict.fromkeys(gone))
            return None
        return DROP if "spreadsheetml" in name.namespace else cutter.unwrapped(start)

    def sheet(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Leave out a sheet that is none of the copy's parts (18.2.19), and remember which it was."""
        del cutter, start
        if (
            self._cutter.path[-1:] != []
            and self._cutter.path[-1].local == "sheets"
            and "spreadsheetml" in name.namespace
        ):
            self._sheets += 1
            if any(_is_id(name_of(key)) and value not in self._kept for key, value in attributes.items()):
                self._around.gone_sheets.append(attributes.get("name", "").lower().replace("'", ""))
                self._around.gone_numbers.append(self._sheets - 1)
                return DROP
        return None

    def view(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Forget which sheet was last looked at (18.2.30): it may have gone, and the first one is shown then."""
        del name
        cutter.change(start, {key: None for key in ("activeTab", "firstSheet") if key in attributes})
        return None

    def table(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Make a table that a query filled an ordinary one (18.5.1.2)."""
        del name
        if attributes.get("tableType", "") in {_QUERY, "xml"}:
            cutter.change(start, {"tableType": None})
        return None

    def blip(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        """Make a linked picture (20.1.8.13) an embedded one: its relationship leads to a blank."""
        del name
        links = [key for key in attributes if _is_id(name_of(key)) and name_of(key).local == "link"]
        if not links:
            return None
        if any(name_of(key).local == "embed" for key in attributes if _is_id(name_of(key))):
            cutter.change(start, dict.fromkeys(links))
        else:
            cutter.rename(start, links[0], "embed")
        return None

    # -- formulas --------------------------------------------------------------------------------------------------

    def _formula_begins(self, cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
        if name.local == "definedName":
            if self._bad_name(attributes):
                return DROP
            self._renumber(attributes, start)
        self._formula = (name, attributes)
        return cutter.collecting(start, self._formula_ends)

    def _formula_ends(self, element: Open, at: int, stop: int) -> None:
        text = self._cutter.collected()
        if self._formula is None:
            return
        name, attributes = self._formula
        in_cell = name.local == "f" and self._cutter.path[-1:] != [] and self._cutter.path[-1].local == "c"
        number = attributes.get("si", "") if in_cell and attributes.get("t") == "shared" else ""
        if number:
            self._shared.setdefault(number, []).append((element.start, stop))
        if self._only_calculates(text):
            return
        self._around.formulas += 1
        if number:
            self._bad_shared.add(number)
        elif in_cell or name.local in {"calculatedColumnFormula", "totalsRowFormula", "oldFormula"}:
            self._cutter.replace(element.start, stop)
        else:
            self._cutter.replace(self._cutter.tag_end(element.start), at, _LOST.encode())

    def _only_calculates(self, formula: str) -> bool:
        if self._around.gone_sheets:
            return only_calculates(formula, self._around.gone_sheets)
        shape = shape_of(formula)
        known = self._calculating.get(shape)
        if known is not None:
            return known
        calculates = only_calculates(formula)
        if len(self._calculating) < SHAPES:
            self._calculating[shape] = calculates
        return calculates

    def _bad_name(self, attributes: Attributes) -> bool:
        name = attributes.get("name", "").lower().removeprefix("_xlnm.")
        flags = (attributes.get(flag, "0") for flag in ("function", "vbProcedure", "xlm"))
        sheet = attributes.get("localSheetId", "")
        gone = sheet.isdecimal() and len(sheet) < 9 and int(sheet) in self._around.gone_numbers
        return name.startswith(AUTOMATIC) or gone or any(flag in {"1", "true"} for flag in flags)

    def _renumber(self, attributes: Attributes, start: int) -> None:
        """Count the sheets that a name belongs to (18.2.5) as they stand in the copy."""
        sheet = attributes.get("localSheetId", "")
        if self._around.gone_numbers and sheet.isdecimal() and len(sheet) < 9:
            before = sum(1 for gone in self._around.gone_numbers if gone < int(sheet))
            self._cutter.change(start, {"localSheetId": str(int(sheet) - before)})

    # -- attributes ------------------------------------------------------------------------------------------------

    def _resolve_attribute(self, name: Name) -> AttributeRule | None:
        if _is_id(name) or name.local == "relid":
            return self._relationship
        if name.local in MACRO_ATTRIBUTES:
            return _emptied
        if name.local in ADDRESSES:
            return _address
        if name.local in DROPPED_ATTRIBUTES and not name.namespace:
            return _gone
        return _gone if name.local == "ProgId" else None

    def _relationship(self, element: Name, attributes: Attributes, name: Name, value: str) -> Changes | Dropped:
        del name
        if value in self._kept:
            return {}
        if not value or not self._cutter.path or element.local in STRIPPED:
            return {"": None}
        if element.local in {"hyperlink", "sheet"}:
            return {}  # their handlers have decided
        del attributes
        return DROP


def by_local(attributes: Attributes, wanted: str) -> str:
    """Give the value of an attribute, Word's own where others have its name too; empty when there is none."""
    found = [(WORD_VOCABULARY not in key, value) for key, value in attributes.items() if name_of(key).local == wanted]
    return min(found)[1] if found else ""


def _is_id(name: Name) -> bool:
    return name.namespace in RELATIONSHIPS


def _go(cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
    del cutter, name, attributes, start
    return DROP


def _prune(cutter: Cutter, name: Name, attributes: Attributes, start: int) -> Answer:
    del name, attributes
    return cutter.pruned(start)


def _emptied(element: Name, attributes: Attributes, name: Name, value: str) -> Changes:
    del element, attributes, name
    return {"": ""} if value else {}


def _gone(element: Name, attributes: Attributes, name: Name, value: str) -> Changes:
    del element, attributes, name, value
    return {"": None}


def _address(element: Name, attributes: Attributes, name: Name, value: str) -> Changes:
    """Take away addresses written into the markup, but for plain links; a picture's loads, whatever it is called."""
    del attributes
    stays = name.local == "href" and is_plain_link(value) and element.local not in LOADING
    return {} if stays else {"": None}


_SPECIAL: Mapping[str, Callable[[_Part], Handler]] = {
    "instrText": lambda part: part.instruction,
    "delInstrText": lambda part: part.instruction,
    "fldChar": lambda part: part.field_mark,
    "fldSimple": lambda part: part.simple_field,
    "hyperlink": lambda part: part.hyperlink,
    "sheet": lambda part: part.sheet,
    "workbookView": lambda part: part.view,
    "table": lambda part: part.table,
    "blip": lambda part: part.blip,
}
"""Elements that need a closer look."""
