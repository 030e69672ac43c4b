"""Every code attachguard can say, a sentence each. Codes are stable: they are in ledgers, dashboards and texts.

FINDINGS are facts about a file; what they mean is written in policies/*.toml, what a sender can do about them in
remedies/. TROUBLES are failings of ours: they make a verdict `undetermined` and no policy rules on them.
"""

from collections.abc import Mapping
from types import MappingProxyType

FINDINGS: Mapping[str, str] = MappingProxyType(
    {
        # -- limits of a submission and of a file --------------------------------------------------------------
        "limit.empty": "The file has no bytes.",
        "limit.file_size": "The file is larger than one file may be.",
        "limit.file_count": "The submission has more files than it may have.",
        "limit.total_size": "The files of the submission are together larger than they may be.",
        "limit.depth": "Files are nested in files more deeply than is looked at.",
        "limit.parts": "There are more files inside the file than are looked at.",
        "limit.parts_size": "The files inside the file are together larger than is looked at.",
        "limit.members": "The package has more members than is looked at.",
        "limit.inflated_size": "Something compressed inflates to more bytes than is looked at.",
        "limit.ratio": "Something compressed inflates so many times over that it is a bomb or of no use.",
        "limit.pixels": "The picture has more pixels than is decoded.",
        "limit.frames": "The picture file has more frames or pages than are decoded.",
        "limit.xml_depth": "Elements are nested more deeply than is read.",
        "limit.xml_elements": "The document has more tags and attributes than are read.",
        # -- names ---------------------------------------------------------------------------------------------
        "name.missing": "The name is empty once everything unusable is taken away.",
        "name.extension": "The name does not end in an accepted extension.",
        "name.cleaned": "Characters that are not fit for a file name were replaced or taken away.",
        "name.control": "The name holds control characters or others that are not shown.",
        "name.bidi": "The name holds characters that reverse the direction of reading, which disguises extensions.",
        "name.path": "The name holds a path.",
        "name.double_extension": "An extension of a dangerous type stands inside the name.",
        "name.reserved": "The name is one that Windows reserves for a device.",
        "name.too_long": "The name was longer than a delivered name may be and was cut.",
        # -- what it is ----------------------------------------------------------------------------------------
        "type.unknown": "The content is none of the known types.",
        "type.not_accepted": "The content is of a type that is not accepted.",
        "type.mismatch": "The content is of another type than the name says.",
        "type.renamed": "The content is of a related type, and the file is treated and delivered as what it is.",
        "type.inert": "The content is source text or markup under a .txt name, and stays plain text.",
        "type.polyglot": "The content reads as two types at once.",
        "type.leading_data": "A line break stands before the content.",
        "type.trailing_data": "Bytes follow the end of the content.",
        "type.truncated": "The content ends before its format says it does.",
        "type.disagreement": "The second, independent identification says something else.",
        "type.declared": "The sender declared another type than the one found.",
        "file.encrypted": "The file can only be opened with a password.",
        "file.unlocked": "The file was opened with the password that came with it.",
        "file.malformed": "The structure of the file is broken in a way that readers disagree about.",
        # -- the scanner ---------------------------------------------------------------------------------------
        "malware.signature": "The virus scanner knows this content as malware.",
        "malware.part": "A file inside this file is malware.",
        "malware.unwanted": "The virus scanner knows this content as a possibly unwanted application.",
        "scanner.limits_exceeded": "The virus scanner stopped before the end of the file.",
        "scanner.macros": "The virus scanner sees macros.",
        "scanner.broken": "The virus scanner finds the file broken in the way exploits are.",
        # -- the room ------------------------------------------------------------------------------------------
        "sandbox.crashed": "The reader crashed on this file.",
        "sandbox.violation": "The reader tried something that reading a file does not need.",
        "sandbox.timeout": "Reading the file took more time than it may take.",
        "sandbox.memory": "Reading the file took more memory than it may take.",
        "sandbox.output": "Reading the file produced more output than it may produce.",
        # -- files inside files --------------------------------------------------------------------------------
        "part.rejected": "A file inside this file may not be delivered.",
        "part.normalized": "A file inside this file may be delivered only as a safe copy.",
        # -- our own copies ------------------------------------------------------------------------------------
        "copy.failed": "No safe copy could be made.",
        "copy.unsupported": "No safe copy can be made of this type of file.",
        "copy.unfaithful": "The safe copy does not show what the original shows.",
        "copy.likeness": "The safe copy was compared with its original; 1 is alike at every place of every page.",
        "copy.unsafe": "The safe copy still holds something that a copy must not hold.",
        # -- what a copy does not have of its original (facts beside a copy that was made) ----------------------
        "lost.signature": "The safe copy is not signed; the signature holds for the original alone.",
        "lost.fields": "The safe copy shows what the form's fields hold, but can't be filled in.",
        "lost.attachments": "The safe copy does not carry the files that the original carries.",
        "lost.layers": "The safe copy shows the layers that print, and can't switch the others on.",
        "lost.tags": "The safe copy has no tags, so it is not accessible the way the original was.",
        "lost.links": "Links in the safe copy can't be clicked.",
        "lost.bookmarks": "The safe copy has no bookmarks.",
        "lost.media": "The safe copy has no sound, video or 3D content.",
        "lost.pictures": "The safe copy has blanks where pictures come from elsewhere or can't be made anew.",
        "lost.formulas": "Some formulas of the safe copy gave way to the values they last had.",
        "lost.sharpness": "The pages of the safe copy are pictures, made coarser to fit the size of a file.",
        # -- zip packages (docx, xlsx, odt, ods) ---------------------------------------------------------------
        "zip.duplicate": "Two members of the package have the same name.",
        "zip.name": "A member of the package has a name that leads out of the package or hides.",
        "zip.method": "A member of the package is compressed in a way that the format does not use.",
        "zip.inconsistent": "The package's table of contents and its members contradict each other.",
        # -- PDF -----------------------------------------------------------------------------------------------
        "pdf.javascript": "The PDF holds JavaScript.",
        "pdf.launch": "The PDF can start a program or open a file of the reader's computer.",
        "pdf.open_action": "The PDF does something by itself when it is opened.",
        "pdf.additional_actions": "The PDF does something by itself on an event such as a page being shown.",
        "pdf.embedded_file": "The PDF carries another file.",
        "pdf.einvoice": "The PDF carries a machine-readable invoice (Factur-X, ZUGFeRD, XRechnung).",
        "pdf.portfolio": "The PDF is a portfolio: its pages only cover the files it carries.",
        "pdf.xfa": "The PDF holds an XFA form.",
        "pdf.xfa_dynamic": "The PDF is a dynamic XFA form, whose printed pages only say: please wait.",
        "pdf.rich_media": "The PDF holds sound, video, Flash or 3D content.",
        "pdf.submit_form": "The PDF can send what is filled in to an address.",
        "pdf.import_data": "The PDF can read form data from a file.",
        "pdf.remote_goto": "The PDF can open another document.",
        "pdf.external_stream": "The PDF takes part of its content from outside the file.",
        "pdf.uri_scheme": "A link of the PDF is of another kind than web, mail or telephone.",
        "pdf.action": "The PDF holds an action of a kind that is not known to be harmless.",
        "pdf.restricted": "The PDF opens without a password but forbids printing or changing.",
        "pdf.signed": "The PDF is digitally signed.",
        "pdf.hidden_text": "The PDF holds text that is not shown.",
        "pdf.malformed": "The PDF is damaged and had to be repaired to be read.",
        "pdf.obfuscated": "Words of the PDF are spelled so that a scanner overlooks them.",
        "pdf.unreadable": "No reader opens the PDF.",
        "pdf.too_many_pages": "The PDF has more pages than are rendered.",
        "pdf.huge_page": "A page of the PDF is larger than a page can be.",
        "pdf.font_program": "The PDF holds a program or matrix of the kind that attacks on viewers are made of.",
        "pdf.codec": "The PDF holds pictures in a coding (JBIG2, JPEG 2000) whose decoders are often attacked.",
        # -- Office Open XML (docx, xlsx) ----------------------------------------------------------------------
        "ooxml.macros": "The document holds VBA macros.",
        "ooxml.xlm": "The workbook holds Excel 4 macro sheets or automatic names.",
        "ooxml.activex": "The document holds ActiveX controls.",
        "ooxml.embedded": "The document carries an embedded object or package.",
        "ooxml.external": "The document loads something from outside: a template, picture, frame or workbook.",
        "ooxml.link": "A link of the document is of another kind than web, mail or telephone.",
        "ooxml.dde": "The document starts a program by DDE.",
        "ooxml.field": "The document holds a field that reads files or addresses.",
        "ooxml.formula": "The workbook holds a formula that calls programs or addresses.",
        "ooxml.alt_chunk": "The document imports another document when it is opened.",
        "ooxml.connection": "The workbook holds a data connection.",
        "ooxml.custom_ui": "The document changes the program's own buttons, which can run code.",
        "ooxml.web_extension": "The document holds a web add-in.",
        "ooxml.part": "The document holds a part of a kind that is not known to be harmless.",
        # -- OpenDocument (odt, ods) ---------------------------------------------------------------------------
        "odf.script": "The document holds scripts or macros.",
        "odf.event": "The document does something by itself on an event.",
        "odf.external": "The document loads something from outside.",
        "odf.link": "A link of the document is of another kind than web, mail or telephone.",
        "odf.embedded": "The document carries an embedded object, applet or plugin.",
        "odf.dde": "The document starts a program by DDE.",
        # -- Word and Excel 97-2003 (doc, xls) -----------------------------------------------------------------
        "ole.macros": "The document holds VBA macros.",
        "ole.xlm": "The workbook holds Excel 4 macro sheets.",
        "ole.formula": "The workbook holds a formula that calls programs or addresses.",
        "ole.dde": "The document starts a program by DDE.",
        "ole.embedded": "The document carries an embedded object or package.",
        "ole.field": "The document holds a field that reads files or addresses.",
        "ole.external": "The document loads something from outside.",
        # -- RTF -----------------------------------------------------------------------------------------------
        "rtf.object": "The document carries an embedded object.",
        "rtf.template": "The document loads a template from outside.",
        "rtf.field": "The document holds a field that reads files or addresses, or starts programs.",
        "rtf.external": "The document loads something from outside.",
        "rtf.nesting": "Groups are nested more deeply than is read.",
        # -- HTML and XHTML ------------------------------------------------------------------------------------
        "html.script": "The page holds scripts.",
        "html.handler": "The page holds code that runs on an event.",
        "html.remote": "The page loads something from elsewhere when it is opened.",
        "html.form": "The page holds a form that sends what is filled in to an address.",
        "html.refresh": "The page leads to another page by itself.",
        "html.link": "A link of the page is of another kind than web, mail or telephone.",
        "html.embedded": "The page holds a frame, object, applet or plugin.",
        "html.picture": "A picture in the page is damaged, of an unknown kind, or holds more than a picture.",
        # -- XML -----------------------------------------------------------------------------------------------
        "xml.doctype": "The document has a DOCTYPE, which can define entities and load files.",
        "xml.instruction": "The document holds a processing instruction such as a style sheet.",
        "xml.include": "The document includes other documents.",
        "xml.active": "The document holds elements that browsers run or show: XHTML, SVG or XSLT.",
        # -- CSV and plain text --------------------------------------------------------------------------------
        "csv.formula": "A cell starts like a formula, which spreadsheet programs run.",
        "text.escape": "The text holds terminal escape sequences.",
        "text.control": "The text holds control characters.",
        "text.bidi": "The text holds characters that reverse the direction of reading or are not shown.",
        # -- pictures ------------------------------------------------------------------------------------------
        "image.metadata": "The picture says where, by whom or with what it was made.",
        "image.malformed": "The picture can't be decoded to its end.",
        # -- mail ----------------------------------------------------------------------------------------------
        "mail.html": "The mail has an HTML body.",
        "mail.attachment": "The mail carries a file.",
        "mail.external": "The mail's body or a part of it lies elsewhere.",
        "mail.signed": "The mail is signed.",
        "tnef.attachment": "The winmail.dat carries a file.",
        "tnef.body": "The winmail.dat carries a formatted body.",
    }
)

TROUBLES: Mapping[str, str] = MappingProxyType(
    {
        "scanner.unavailable": "The virus scanner could not be asked, or its answer could not be believed.",
        "sandbox.unavailable": "No safe place to read the file in could be started.",
        "store.unavailable": "The store did not take the file.",
        "ledger.unavailable": "The verdict could not be written down, so it was not given.",
        "job.attempts": "Judging the submission broke off as often as it is tried.",
        "job.deadline": "No verdict could be given in the time that a submission may take.",
    }
)

MALWARE = frozenset({"malware.signature", "malware.part"})
"""A rejection for one of these reads `infected`."""

LOSSES = frozenset(code for code in FINDINGS if code.startswith("lost."))
"""What a copy does not have of its original: told beside the reasons for making it."""
