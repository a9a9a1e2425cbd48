"""`python -m edge.cli`: the same as the command `anodyne`."""

import sys

from edge.cli import main

sys.exit(main())
