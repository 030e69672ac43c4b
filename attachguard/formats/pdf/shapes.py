"""The grammar of our own PDFs: every dictionary a copy may hold, with every key it may have, and nothing else.

This is data. rebuild.py copies by it, audit.py checks by it. Section numbers are those of ISO 32000-2:2020. It has no
actions, annotations, forms, files, scripts, names, outlines, optional content, metadata streams, output intents,
references to outside, calculator functions, JBIG2 or JPEG 2000.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Leaf(enum.Enum):
    """A value that holds no other."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    RESOURCE_NAME = "name of a resource or glyph"
    FONT_NAME = "name of a font"
    LABEL = "short text of letters and digits"
    ADDRESS = "address on the web"
    TITLE = "one line of text"
    LANGUAGE = "language tag"
    BYTES = "string of any bytes"


class Content(enum.Enum):
    """What the data of a stream are, which decides how they are written anew."""

    MARKS = "content stream"
    PICTURE = "samples of a picture"
    MASK = "samples of a soft mask"
    TRUETYPE = "font program with instructions, which go"
    OPAQUE = "other font program, character map or mesh"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these names."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Numbers:
    """An array of numbers."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Several:
    """An array of things of one shape."""

    of: "Shape"
    most: int


@dataclass(frozen=True, slots=True)
class Mixed:
    """An array in which each item has one of some shapes (widths, differences, Indexed colour spaces)."""

    of: "tuple[Shape, ...]"
    most: int


@dataclass(frozen=True, slots=True)
class Each:
    """A dictionary from free names to things of one shape (resources, glyph procedures)."""

    of: "Shape"


@dataclass(frozen=True, slots=True)
class Keys:
    """A dictionary with these keys; others are left out."""

    section: str
    keys: "Mapping[str, Shape]"


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream whose dictionary has these keys besides its length and filter; others are left out."""

    section: str
    content: Content
    keys: "Mapping[str, Shape]"


@dataclass(frozen=True, slots=True)
class By:
    """A dictionary or stream whose own key says which of some shapes it has."""

    key: str
    shapes: "Mapping[str, Shape]"


@dataclass(frozen=True, slots=True)
class Either:
    """A name or number where one fits, else an array or a dictionary."""

    of: "tuple[Shape, ...]"


class Later(enum.Enum):
    """A shape that contains itself, by its name in SHAPES."""

    RESOURCES = "resources"
    FORM = "form"


Shape = Leaf | OneOf | Numbers | Several | Mixed | Each | Keys | Stream | By | Either | Later


def _names(*names: str) -> OneOf:
    return OneOf(frozenset(names))


RECTANGLE = Numbers(4, 4)  # 7.9.5
MATRIX = Numbers(6, 6)  # 8.3.3

COLOUR = _names("/DeviceGray", "/DeviceRGB", "/DeviceCMYK")  # 8.6.4
COLOUR_SPACE = Either((COLOUR, _names("/Pattern")))  # 8.6.6.2
IMAGE_COLOUR = Either(
    (COLOUR, Mixed((_names("/Indexed", "/DeviceRGB", "/DeviceGray"), Leaf.NUMBER, Leaf.BYTES), 4))  # 8.6.6.3
)

GROUP = Keys(  # a group of objects drawn as one
    "11.6.6",
    {
        "/Type": _names("/Group"),
        "/S": _names("/Transparency"),
        "/CS": COLOUR,
        "/I": Leaf.BOOLEAN,
        "/K": Leaf.BOOLEAN,
    },
)

SAMPLED = Stream(
    "7.10.2",
    Content.OPAQUE,
    {
        "/FunctionType": Leaf.NUMBER,
        "/Domain": Numbers(2, 16),
        "/Range": Numbers(2, 64),
        "/Size": Numbers(1, 8),
        "/BitsPerSample": Leaf.NUMBER,
        "/Encode": Numbers(2, 16),
        "/Decode": Numbers(2, 64),
    },
)
EXPONENTIAL = Keys(
    "7.10.3",
    {
        "/FunctionType": Leaf.NUMBER,
        "/Domain": Numbers(2, 2),
        "/Range": Numbers(2, 64),
        "/C0": Numbers(1, 32),
        "/C1": Numbers(1, 32),
        "/N": Leaf.NUMBER,
    },
)
STITCHING = Keys(
    "7.10.4",
    {
        "/FunctionType": Leaf.NUMBER,
        "/Domain": Numbers(2, 2),
        "/Range": Numbers(2, 64),
        "/Functions": Several(By("/FunctionType", {"2": EXPONENTIAL}), 4096),
        "/Bounds": Numbers(0, 4096),
        "/Encode": Numbers(0, 8192),
    },
)
FUNCTION = By("/FunctionType", {"0": SAMPLED, "2": EXPONENTIAL, "3": STITCHING})  # no type 4: 7.10.5 is a program

_SHADING: Mapping[str, Shape] = {  # 8.7.4.5, table 77
    "/ShadingType": Leaf.NUMBER,
    "/ColorSpace": COLOUR,
    "/Background": Numbers(1, 4),
    "/BBox": RECTANGLE,
    "/AntiAlias": Leaf.BOOLEAN,
    "/Function": Either((FUNCTION, Several(FUNCTION, 4))),
}
_GRADIENT: Mapping[str, Shape] = {  # 8.7.4.5.3 and 8.7.4.5.4
    **_SHADING,
    "/Coords": Numbers(4, 6),
    "/Domain": Numbers(2, 2),
    "/Extend": Several(Leaf.BOOLEAN, 2),
}
_MESH: Mapping[str, Shape] = {  # 8.7.4.5.5 to 8.7.4.5.8
    **_SHADING,
    "/BitsPerCoordinate": Leaf.NUMBER,
    "/BitsPerComponent": Leaf.NUMBER,
    "/BitsPerFlag": Leaf.NUMBER,
    "/VerticesPerRow": Leaf.NUMBER,
    "/Decode": Numbers(6, 64),
}
SHADING = By(
    "/ShadingType",
    {
        "1": Keys("8.7.4.5.2", {**_SHADING, "/Domain": Numbers(4, 4), "/Matrix": MATRIX}),
        "2": Keys("8.7.4.5.3", _GRADIENT),
        "3": Keys("8.7.4.5.4", _GRADIENT),
        **{kind: Stream("8.7.4.5", Content.OPAQUE, _MESH) for kind in ("4", "5", "6", "7")},
    },
)

PATTERN = By(
    "/PatternType",
    {
        "1": Stream(
            "8.7.3.1",
            Content.MARKS,
            {
                "/Type": _names("/Pattern"),
                "/PatternType": Leaf.NUMBER,
                "/PaintType": Leaf.NUMBER,
                "/TilingType": Leaf.NUMBER,
                "/BBox": RECTANGLE,
                "/XStep": Leaf.NUMBER,
                "/YStep": Leaf.NUMBER,
                "/Resources": Later.RESOURCES,
                "/Matrix": MATRIX,
            },
        ),
        "2": Keys(
            "8.7.4.1",
            {
                "/Type": _names("/Pattern"),
                "/PatternType": Leaf.NUMBER,
                "/Shading": SHADING,
                "/Matrix": MATRIX,
            },
        ),
    },
)

SOFT_MASK = Either(
    (
        _names("/None"),
        Keys(
            "11.6.5.2",
            {
                "/Type": _names("/Mask"),
                "/S": _names("/Alpha", "/Luminosity"),
                "/G": Later.FORM,
                "/BC": Numbers(1, 4),
            },
        ),
    )
)

GRAPHICS_STATE = Keys(
    "8.4.5",
    {
        "/Type": _names("/ExtGState"),
        "/LW": Leaf.NUMBER,
        "/CA": Leaf.NUMBER,
        "/ca": Leaf.NUMBER,
        "/AIS": Leaf.BOOLEAN,
        "/OP": Leaf.BOOLEAN,
        "/op": Leaf.BOOLEAN,
        "/OPM": Leaf.NUMBER,
        "/SA": Leaf.BOOLEAN,
        "/BM": _names(  # 11.3.5
            *("/Normal", "/Compatible", "/Multiply", "/Screen", "/Overlay", "/Darken", "/Lighten", "/ColorDodge"),
            *("/ColorBurn", "/HardLight", "/SoftLight", "/Difference", "/Exclusion", "/Hue", "/Saturation"),
            *("/Color", "/Luminosity"),
        ),
        "/SMask": SOFT_MASK,
    },
)

FONT_STREAM = Stream(
    "9.9.1",
    Content.OPAQUE,
    {
        "/Length1": Leaf.NUMBER,
        "/Length2": Leaf.NUMBER,
        "/Length3": Leaf.NUMBER,
        "/Subtype": _names("/Type1C", "/CIDFontType0C", "/OpenType"),
    },
)
TRUETYPE_STREAM = Stream("9.9.1", Content.TRUETYPE, {"/Length1": Leaf.NUMBER})
FONT_DESCRIPTOR = Keys(
    "9.8.1",
    {
        "/Type": _names("/FontDescriptor"),
        "/FontName": Leaf.FONT_NAME,
        "/Flags": Leaf.NUMBER,
        "/FontBBox": RECTANGLE,
        "/ItalicAngle": Leaf.NUMBER,
        "/Ascent": Leaf.NUMBER,
        "/Descent": Leaf.NUMBER,
        "/CapHeight": Leaf.NUMBER,
        "/XHeight": Leaf.NUMBER,
        "/StemV": Leaf.NUMBER,
        "/StemH": Leaf.NUMBER,
        "/MissingWidth": Leaf.NUMBER,
        "/FontFile": FONT_STREAM,
        "/FontFile2": TRUETYPE_STREAM,
        "/FontFile3": FONT_STREAM,
    },
)
CHARACTER_MAP = Stream("9.10.3", Content.OPAQUE, {})
ENCODING = Either(
    (
        _names("/WinAnsiEncoding", "/MacRomanEncoding", "/StandardEncoding", "/Identity-H"),
        Keys(
            "9.6.5",
            {
                "/Type": _names("/Encoding"),
                "/BaseEncoding": _names("/WinAnsiEncoding", "/MacRomanEncoding", "/StandardEncoding"),
                "/Differences": Mixed((Leaf.NUMBER, Leaf.RESOURCE_NAME), 1024),
            },
        ),
    )
)
_SIMPLE_FONT: Mapping[str, Shape] = {
    "/Type": _names("/Font"),
    "/Subtype": _names("/Type1", "/TrueType", "/Type3"),
    "/BaseFont": Leaf.FONT_NAME,
    "/FirstChar": Leaf.NUMBER,
    "/LastChar": Leaf.NUMBER,
    "/Widths": Numbers(0, 65536),
    "/FontDescriptor": FONT_DESCRIPTOR,
    "/Encoding": ENCODING,
    "/ToUnicode": CHARACTER_MAP,
}
CID_FONT = Keys(
    "9.7.4",
    {
        "/Type": _names("/Font"),
        "/Subtype": _names("/CIDFontType0", "/CIDFontType2"),
        "/BaseFont": Leaf.FONT_NAME,
        "/CIDSystemInfo": Keys("9.7.3", {"/Registry": Leaf.LABEL, "/Ordering": Leaf.LABEL, "/Supplement": Leaf.NUMBER}),
        "/FontDescriptor": FONT_DESCRIPTOR,
        "/DW": Leaf.NUMBER,
        "/W": Mixed((Leaf.NUMBER, Numbers(0, 65536)), 65536),
        "/CIDToGIDMap": Either((_names("/Identity"), Stream("9.7.4.2", Content.OPAQUE, {}))),
    },
)
FONT = By(
    "/Subtype",
    {
        "/Type1": Keys("9.6.2", _SIMPLE_FONT),
        "/TrueType": Keys("9.6.3", _SIMPLE_FONT),
        "/Type3": Keys(
            "9.6.4",
            {
                **_SIMPLE_FONT,
                "/FontBBox": RECTANGLE,
                "/FontMatrix": MATRIX,
                "/CharProcs": Each(Stream("9.6.4", Content.MARKS, {})),
                "/Resources": Later.RESOURCES,
            },
        ),
        "/Type0": Keys(
            "9.7.6",
            {
                "/Type": _names("/Font"),
                "/Subtype": _names("/Type0"),
                "/BaseFont": Leaf.FONT_NAME,
                "/Encoding": _names("/Identity-H"),
                "/DescendantFonts": Several(CID_FONT, 1),
                "/ToUnicode": CHARACTER_MAP,
            },
        ),
    },
)

MASK = Stream(
    "11.6.5.2",
    Content.MASK,
    {
        "/Type": _names("/XObject"),
        "/Subtype": _names("/Image"),
        "/Width": Leaf.NUMBER,
        "/Height": Leaf.NUMBER,
        "/BitsPerComponent": Leaf.NUMBER,
        "/ColorSpace": _names("/DeviceGray"),
        "/Decode": Numbers(2, 2),
        "/Interpolate": Leaf.BOOLEAN,
    },
)
IMAGE = Stream(
    "8.9.5",
    Content.PICTURE,
    {
        "/Type": _names("/XObject"),
        "/Subtype": _names("/Image"),
        "/Width": Leaf.NUMBER,
        "/Height": Leaf.NUMBER,
        "/BitsPerComponent": Leaf.NUMBER,
        "/ColorSpace": IMAGE_COLOUR,
        "/ImageMask": Leaf.BOOLEAN,
        "/Decode": Numbers(2, 8),
        "/Interpolate": Leaf.BOOLEAN,
        "/SMask": MASK,
    },
)
FORM = Stream(
    "8.10.2",
    Content.MARKS,
    {
        "/Type": _names("/XObject"),
        "/Subtype": _names("/Form"),
        "/FormType": Leaf.NUMBER,
        "/BBox": RECTANGLE,
        "/Matrix": MATRIX,
        "/Resources": Later.RESOURCES,
        "/Group": GROUP,
    },
)
X_OBJECT = By("/Subtype", {"/Image": IMAGE, "/Form": Later.FORM})

RESOURCES = Keys(
    "7.8.3",
    {
        "/ExtGState": Each(GRAPHICS_STATE),
        "/ColorSpace": Each(COLOUR_SPACE),
        "/Pattern": Each(PATTERN),
        "/Shading": Each(SHADING),
        "/XObject": Each(X_OBJECT),
        "/Font": Each(FONT),
    },
)
"""No /Properties: they name optional content and marked content that a copy does not have."""

PAGE = Keys(
    "7.7.3.3",
    {
        "/Type": _names("/Page"),
        "/MediaBox": RECTANGLE,
        "/Rotate": Leaf.NUMBER,
        "/Resources": RESOURCES,
        "/Contents": Stream("7.8.2", Content.MARKS, {}),
        "/Group": GROUP,
    },
)
"""Besides /Parent, which the page tree writes."""

LINK = Keys(
    "12.5.6.5",
    {
        "/Type": _names("/Annot"),
        "/Subtype": _names("/Link"),
        "/Rect": RECTANGLE,
        "/Border": Numbers(3, 3),
        "/A": Keys("12.6.4.8", {"/Type": _names("/Action"), "/S": _names("/URI"), "/URI": Leaf.ADDRESS}),
    },
)
LINKED_PAGE = Keys(PAGE.section, {**PAGE.keys, "/Annots": Several(LINK, 500)})
"""A page where the policy keeps links to the web. They are never copied, only written anew (weblinks.py)."""

CATALOG_KEYS = frozenset({"/Type", "/Pages", "/Lang"})
"""7.7.2: all that a copy's catalog has."""

INFORMATION_KEYS = frozenset({"/Title"})
"""14.3.3: all that a copy says about itself."""

SHAPES: Mapping[Later, Shape] = {Later.RESOURCES: RESOURCES, Later.FORM: FORM}

STREAM_KEYS = frozenset({"/Length", "/Filter", "/DecodeParms"})
"""7.3.8.2: what the writer adds to every stream."""

FILTERS = frozenset({"/FlateDecode", "/DCTDecode", "/CCITTFaxDecode"})
"""7.4: the codings of our own encoders."""

FILTER_KEYS = frozenset({"/Predictor", "/Colors", "/BitsPerComponent", "/Columns", "/Rows", "/K", "/BlackIs1"})
"""7.4.4.3 and 7.4.6: parameters of those codings."""
