"""`python -m infra_kit.lab.control_plane`: get the control plane's programs where they are missing, and say where each is."""

from __future__ import annotations

import sys

from infra_kit.lab.programs.__main__ import main

if __name__ == "__main__":
    sys.exit(main(purpose="control_plane"))
