"""`python -m attachguard`: the command line, where the script is not on the path."""

from attachguard.cli import main

main()
