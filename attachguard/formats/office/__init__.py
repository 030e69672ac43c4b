"""Rebuilding office files: what docx, xlsx, odt, ods, doc and xls share when a safe copy is made of them."""
