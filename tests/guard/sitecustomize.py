"""Python runs this at its start in every child of the suite, as the folder is on PYTHONPATH: children are guarded too."""

import loopback_guard

loopback_guard.install()
