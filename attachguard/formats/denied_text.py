"""Types of text that are not accepted: what programs recognise by first words or by an XML root, whatever the name.

Knowledge only; textual.py applies it.
"""

STARTERS = (
    ("#@~^", "encoded script"),
    ("[internetshortcut]", "Internet shortcut"),
    ("[{000214a0-0000-0000-c000-000000000046}]", "Internet shortcut"),
    ("[desktop entry]", "desktop shortcut"),
    ("[.shellclassinfo]", "folder settings"),
    ("[shell]", "shell command file"),
    ("[theme]", "Windows theme"),
    ("[autorun]", "autorun file"),
    ("[version]\r\nsignature", "set-up information file"),
    ("[version]\nsignature", "set-up information file"),
    ("windows registry editor", "registry file"),
    ("regedit4", "registry file"),
    ("begin:vcalendar", "calendar"),
    ("begin:vcard", "address card"),
    ("web\r\n1\r\n", "web query"),
    ("web\n1\n", "web query"),
    ("xlodbc\r\n1\r\n", "database query"),
    ("xlodbc\n1\n", "database query"),
    ("querytype=", "database query"),
    ("%!ps", "PostScript"),
    ("\x1be\x1b&", "printer job"),
    ("%fdf-", "PDF form data"),
    ("\x1b%-12345x", "printer job"),
    ("full address:s:", "remote desktop file"),
    ("screen mode id:i:", "remote desktop file"),
    ("<hta:application", "HTML application"),
    ("<?wpl", "media playlist"),
)
"""First words, in lower case, by which a program takes a text for something that is not accepted under any name."""

SOURCES = (
    ("#!", "script"),
    ("<?php", "PHP source"),
    ("<?=", "PHP source"),
    ("<%", "server page source"),
)
"""First words of programs: inert as .txt, not accepted under another name."""

DENIED_ROOTS = {
    ("http://www.w3.org/2000/svg", "svg"): "SVG picture",
    ("", "svg"): "SVG picture",
    ("http://www.w3.org/1999/XSL/Transform", "stylesheet"): "XSLT style sheet",
    ("http://www.w3.org/1999/XSL/Transform", "transform"): "XSLT style sheet",
    ("http://www.w3.org/TR/WD-xsl", "stylesheet"): "XSLT style sheet",
    ("urn:oasis:names:tc:opendocument:xmlns:office:1.0", "document"): "flat OpenDocument file",
    ("http://openoffice.org/2000/office", "document"): "flat OpenOffice.org file",
    ("", "scriptlet"): "Windows script component",
    ("", "jnlp"): "Java Web Start file",
    ("", "MMC_ConsoleFile"): "management console file",
    ("http://schemas.microsoft.com/windows/2009/library", "libraryDescription"): "Windows library",
    ("http://schemas.microsoft.com/windows/2009/searchConnector", "searchConnectorDescription"): "search connector",
    ("http://schemas.microsoft.com/windows/2004/02/mit/task", "Task"): "scheduled task",
    ("http://schemas.microsoft.com/developer/msbuild/2003", "Project"): "build project",
    ("", "PCSettings"): "settings shortcut",
    ("http://schemas.microsoft.com/Search/2013/SettingContent", "PCSettings"): "settings shortcut",
    ("http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul", "window"): "XUL application",
    ("http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul", "overlay"): "XUL application",
    ("", "asx"): "media playlist",
    ("urn:schemas-microsoft-com:asm.v1", "assembly"): "application manifest",
    ("http://ns.adobe.com/xdp/", "xdp"): "Adobe form package",
}
"""Roots (namespace, local name) of XML that programs run, or that is another type of document in XML's clothes."""

DENIED_NAMESPACES = {
    "http://www.w3.org/2000/svg": "SVG picture",
    "http://schemas.microsoft.com/winfx/": "XAML",
    "http://schemas.microsoft.com/netfx/": "XAML",
}
"""Namespaces (by their beginning) in which every root is denied."""

SCRIPT_HOSTS = frozenset({("", "component"), ("", "job"), ("", "package")})
"""Roots of Windows Script files that other XML uses too: denied only when a <script> follows."""
