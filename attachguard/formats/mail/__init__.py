"""What eml and tnef share: reading header fields, and writing a mail."""
