"""Relationships that a copy follows, and the content types of what they may lead to.

Relationship types are told by their last segment in lower case, the same in transitional, strict and Microsoft's own
namespaces. What is not named here is not followed: the part is not copied and whatever refers to it goes.
"""

from collections.abc import Mapping

_DOCUMENT = "application/vnd.openxmlformats-officedocument."
_WORD = _DOCUMENT + "wordprocessingml."
_SHEET = _DOCUMENT + "spreadsheetml."
_DRAWING = _DOCUMENT + "drawingml."
_EXCEL = "application/vnd.ms-excel."
_OFFICE = "application/vnd.ms-office."

MAIN: Mapping[str, str] = {"docx": _WORD + "document.main+xml", "xlsx": _SHEET + "sheet.main+xml"}
"""The main part's content type by kind (ISO/IEC 29500-1 sections 11.3.10 and 12.3.23)."""

PARTS: Mapping[str, tuple[str, ...]] = {
    # ISO/IEC 29500-1 section 11.3, WordprocessingML
    "comments": (_WORD + "comments+xml", _SHEET + "comments+xml"),
    "endnotes": (_WORD + "endnotes+xml",),
    "fonttable": (_WORD + "fonttable+xml",),
    "footer": (_WORD + "footer+xml",),
    "footnotes": (_WORD + "footnotes+xml",),
    "glossarydocument": (_WORD + "document.glossary+xml",),
    "header": (_WORD + "header+xml",),
    "numbering": (_WORD + "numbering+xml",),
    "settings": (_WORD + "settings+xml",),
    "styles": (_WORD + "styles+xml", _SHEET + "styles+xml"),
    "websettings": (_WORD + "websettings+xml",),
    # [MS-DOCX] section 2.2
    "styleswitheffects": ("application/vnd.ms-word.styleswitheffects+xml",),
    "commentsextended": (_WORD + "commentsextended+xml",),
    "commentsids": (_WORD + "commentsids+xml",),
    "commentsextensible": (_WORD + "commentsextensible+xml",),
    # section 12.3, SpreadsheetML
    "chartsheet": (_SHEET + "chartsheet+xml",),
    "dialogsheet": (_SHEET + "dialogsheet+xml",),
    "pivotcachedefinition": (_SHEET + "pivotcachedefinition+xml",),
    "pivotcacherecords": (_SHEET + "pivotcacherecords+xml",),
    "pivottable": (_SHEET + "pivottable+xml",),
    "sharedstrings": (_SHEET + "sharedstrings+xml",),
    "sheetmetadata": (_SHEET + "sheetmetadata+xml",),
    "table": (_SHEET + "table+xml",),
    "worksheet": (_SHEET + "worksheet+xml",),
    # [MS-XLSX] section 2.1
    "ctrlprop": (_EXCEL + "controlproperties+xml",),
    "featurepropertybag": (_EXCEL + "featurepropertybag+xml",),
    "namedsheetview": (_EXCEL + "namedsheetviews+xml",),
    "person": (_EXCEL + "person+xml",),
    "rdarray": (_EXCEL + "rdarray+xml",),
    "rdrichvalue": (_EXCEL + "rdrichvalue+xml",),
    "rdrichvaluestructure": (_EXCEL + "rdrichvaluestructure+xml",),
    "rdrichvaluetypes": (_EXCEL + "rdrichvaluetypes+xml",),
    "rdsupportingpropertybag": (_EXCEL + "rdsupportingpropertybag+xml",),
    "rdsupportingpropertybagstructure": (_EXCEL + "rdsupportingpropertybagstructure+xml",),
    "richstyles": (_EXCEL + "richstyles+xml",),
    "richvaluerel": (_EXCEL + "richvaluerel+xml",),
    "slicer": (_EXCEL + "slicer+xml",),
    "slicercache": (_EXCEL + "slicercache+xml",),
    "threadedcomment": (_EXCEL + "threadedcomments+xml",),
    "timeline": (_EXCEL + "timeline+xml",),
    "timelinecache": (_EXCEL + "timelinecache+xml",),
    # section 14.2, DrawingML; VML of [MS-OI29500]; [MS-ODRAWXML]
    "chart": (_DRAWING + "chart+xml",),
    "chartcolorstyle": (_OFFICE + "chartcolorstyle+xml",),
    "chartex": (_OFFICE + "chartex+xml",),
    "chartstyle": (_OFFICE + "chartstyle+xml",),
    "chartusershapes": (_DRAWING + "chartshapes+xml",),
    "diagramcolors": (_DRAWING + "diagramcolors+xml",),
    "diagramdata": (_DRAWING + "diagramdata+xml",),
    "diagramdrawing": (_OFFICE + "drawingml.diagramdrawing+xml",),
    "diagramlayout": (_DRAWING + "diagramlayout+xml",),
    "diagramquickstyle": (_DRAWING + "diagramstyle+xml",),
    "drawing": (_DOCUMENT + "drawing+xml",),
    "theme": (_DOCUMENT + "theme+xml",),
    "themeoverride": (_DOCUMENT + "themeoverride+xml",),
    "vmldrawing": (_DOCUMENT + "vmldrawing",),
}
"""Relationships to XML parts of the same package, and the content types of those parts in lower case.

Not here, beside what acts: document properties and thumbnails (they tell about the sender), printer settings (they
name printers), custom XML (its data is shown in the text already), embedded fonts (programs that viewers fell victim
to), the calculation chain (programs make it anew, and it must not name formulas that are gone), query tables, XML
maps and revision logs (they need a source or a history that the copy does not have)."""

PICTURE = "image"
LINK = "hyperlink"

NEEDS: Mapping[str, str] = {"pivottable": "pivotcachedefinition"}
"""Parts that are nothing without the part that such a relationship of theirs leads to."""

SIGNATURES = frozenset({"origin", "signature"})
"""Relationships to digital signatures, which hold for the original only (ISO/IEC 29500-2 section 10)."""

TEXTS = frozenset({"comments", "endnotes", "footer", "footnotes", "glossarydocument", "header", "officedocument"})
"""Relationships to parts of a Word document in which people read text."""
