"""The specification by example: made files, and the verdict each of them has to get."""
