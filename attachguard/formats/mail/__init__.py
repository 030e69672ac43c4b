"""What eml and tnef share: writing a mail."""
