"""The documentation, and the script that writes the pages of it that are generated."""
