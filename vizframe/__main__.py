"""`python -m vizframe` is the command `vizframe`."""

import os
import sys

if not sys.flags.safe_path and sys.path[0] == os.getcwd():
    # As the command does: what lies in the working directory is not for `vizframe` to import.
    sys.path[0] = os.path.dirname(sys.executable)
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from vizframe.cli import main

main()
