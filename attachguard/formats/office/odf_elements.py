"""The elements of OpenDocument that a copy may hold: those that show, format or describe (ODF 1.3 part 3).

By namespace, as the standard orders them. What runs, loads or submits is not here: scripts, event listeners, applets,
plug-ins, OLE objects, DDE, frames, sources in other files and databases, forms, sounds, embedded fonts.
"""

from collections.abc import Mapping

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"


def _named(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


STANDARD: Mapping[str, frozenset[str]] = {
    f"{_ODF}office:1.0": _named(
        "annotation annotation-end automatic-styles binary-data body change-info chart document document-content",
        "document-meta document-settings document-styles drawing font-face-decls image master-styles meta presentation",
        "settings spreadsheet styles text",
    ),  # section 3
    f"{_ODF}text:1.0": _named(
        "a h p span s tab line-break soft-page-break number section list list-header list-item numbered-paragraph",
        "page-sequence page change change-end change-start changed-region deletion insertion format-change",
        "tracked-changes bookmark bookmark-end bookmark-start reference-mark reference-mark-end reference-mark-start",
        "note note-body note-citation ruby ruby-base ruby-text meta",  # sections 5 and 6
        "author-initials author-name bookmark-ref chapter character-count conditional-text creation-date",
        "creation-time creator date description drop-down editing-cycles editing-duration expression file-name",
        "hidden-paragraph hidden-text image-count initial-creator keywords label measure meta-field",
        "modification-date modification-time note-ref object-count page-continuation page-count page-number",
        "page-variable-get page-variable-set paragraph-count placeholder print-date print-time printed-by",
        "reference-ref sender-city sender-company sender-country sender-email sender-fax sender-firstname",
        "sender-initials sender-lastname sender-phone-private sender-phone-work sender-position sender-postal-code",
        "sender-state-or-province sender-street sender-title sequence sequence-decl sequence-decls sequence-ref",
        "sheet-name subject table-count table-formula template-name text-input time title user-defined user-field-decl",
        "user-field-decls user-field-get user-field-input variable-decl variable-decls variable-get variable-input",
        "variable-set word-count",  # section 7
        "alphabetical-index alphabetical-index-entry-template alphabetical-index-mark alphabetical-index-mark-end",
        "alphabetical-index-mark-start alphabetical-index-source bibliography bibliography-configuration",
        "bibliography-entry-template bibliography-mark bibliography-source illustration-index",
        "illustration-index-entry-template illustration-index-source index-body index-entry-bibliography",
        "index-entry-chapter index-entry-link-end index-entry-link-start index-entry-page-number index-entry-span",
        "index-entry-tab-stop index-entry-text index-source-style index-source-styles index-title index-title-template",
        "object-index object-index-entry-template object-index-source sort-key table-index",
        "table-index-entry-template table-index-source table-of-content table-of-content-entry-template",
        "table-of-content-source toc-mark toc-mark-end toc-mark-start user-index user-index-entry-template",
        "user-index-mark user-index-mark-end user-index-mark-start user-index-source",  # section 8
        "linenumbering-configuration linenumbering-separator list-level-style-bullet list-level-style-image",
        "list-level-style-number list-style note-continuation-notice-backward note-continuation-notice-forward",
        "notes-configuration outline-level-style outline-style",  # section 16
        # OpenOffice.org 1 and 2, which wrote these in documents of the same version
        "endnote endnote-body endnote-citation endnotes-configuration footnote footnote-body footnote-citation",
        "footnotes-configuration list-block ordered-list tab-stop unordered-list index-entry-link",
    ),
    f"{_ODF}table:1.0": _named(
        "background body calculation-settings cell-content-change cell-content-deletion change-deletion",
        "change-track-table-cell consolidation content-validation content-validations covered-table-cell cut-offs",
        "data-pilot-display-info data-pilot-field data-pilot-field-reference data-pilot-group",
        "data-pilot-group-member data-pilot-groups data-pilot-layout-info data-pilot-level data-pilot-member",
        "data-pilot-members data-pilot-sort-info data-pilot-subtotal data-pilot-subtotals data-pilot-table",
        "data-pilot-tables database-range database-ranges deletion deletions dependencies dependency desc detective",
        "error-message even-columns even-rows filter filter-and filter-condition filter-or filter-set-item",
        "first-column first-row help-message highlighted-range insertion insertion-cut-off iteration label-range",
        "label-ranges last-column last-row movement movement-cut-off named-expression named-expressions named-range",
        "null-date odd-columns odd-rows operation previous scenario shapes sort sort-by sort-groups",
        "source-cell-range source-range-address sub-table subtotal-field subtotal-rule subtotal-rules table table-cell",
        "table-column table-column-group table-columns table-header-columns table-header-rows table-row",
        "table-row-group table-rows table-template target-range-address title tracked-changes",
    ),  # section 9
    f"{_ODF}drawing:1.0": _named(
        "a area-circle area-polygon area-rectangle caption circle connector contour-path contour-polygon custom-shape",
        "ellipse enhanced-geometry equation fill-image frame g glue-point gradient handle hatch image image-map",
        "layer layer-set line marker measure object opacity page page-thumbnail path polygon polyline rect",
        "regular-polygon stroke-dash text-box thumbnail",
    ),  # section 10
    f"{_ODF}chart:1.0": _named(
        "axis categories chart data-label data-point date-scale domain equation error-indicator floor footer grid",
        "label-separator legend mean-value plot-area regression-curve series stock-gain-marker stock-loss-marker",
        "stock-range-line subtitle symbol-image title wall",
    ),  # section 11
    f"{_ODF}style:1.0": _named(
        "background-image chart-properties column column-sep columns default-page-layout default-style",
        "drawing-page-properties drop-cap font-face footer footer-first footer-left footer-style footnote-sep",
        "graphic-properties handout-master header header-first header-footer-properties header-left header-style",
        "list-level-label-alignment list-level-properties list-properties map master-page page-layout",
        "page-layout-properties paragraph-properties presentation-page-layout presentation-properties properties",
        "region-center region-left region-right ruby-properties section-properties style tab-stop tab-stops",
        "table-cell-properties table-column-properties table-properties table-row-properties text-properties",
    ),  # section 16
    f"{_ODF}datastyle:1.0": _named(
        "am-pm boolean boolean-style currency-style currency-symbol date-style day day-of-week embedded-text era",
        "fill-character fraction hours minutes month number number-style percentage-style quarter scientific-number",
        "seconds text text-content text-style time-style week-of-year year",
    ),  # section 16.27
    f"{_ODF}svg-compatible:1.0": _named("desc linearGradient radialGradient stop title"),
    f"{_ODF}dr3d:1.0": _named("cube extrude light rotate scene sphere"),
    f"{_ODF}presentation:1.0": _named(
        "animation-group animations date-time date-time-decl dim footer footer-decl header header-decl hide-shape",
        "hide-text notes placeholder settings show show-shape show-text",
    ),  # section 10.9
    f"{_ODF}config:1.0": _named(
        "config-item config-item-map-entry config-item-map-indexed config-item-map-named config-item-set"
    ),  # section 3.10
    f"{_ODF}meta:1.0": _named("creator-initials date-string"),
    "http://purl.org/dc/elements/1.1/": _named("creator date description language subject title"),
    "urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0": _named(
        "fieldmark fieldmark-end fieldmark-separator fieldmark-start param"
    ),
}
"""By namespace (section 1.3); the last ones are Dublin Core and what Word's form fields become."""

EXTENSIONS = frozenset(
    {
        "http://www.w3.org/1998/Math/MathML",
        "urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0",
        "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
        "http://openoffice.org/2009/office",
        "http://openoffice.org/2010/draw",
        "http://openoffice.org/2004/office",
    }
)
"""Vocabularies that are kept but for names that act: mathematics, and what LibreOffice adds with each version."""

ACTING = _named(
    # by any of these names a standard vocabulary has something that runs, loads or submits
    "scripts script event-listeners event-listener applet plugin object-ole floating-frame dde-connection-decls",
    "dde-connection-decl dde-source dde-link dde-links cell-range-source table-source section-source auto-reload",
    "connection-resource database-source-sql database-source-table database-source-query database-row-select",
    "database-next model instance bind submission forms form font-face-src font-face-uri sound audio command",
    "error-macro alphabetical-index-auto-mark-file source-service annotation-xml maction mglyph",
)
"""Names that go in every namespace."""
