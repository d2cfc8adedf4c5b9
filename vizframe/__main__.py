"""`python -m vizframe` is the command `vizframe`."""

from vizframe.cli import main

main()
