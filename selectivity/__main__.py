"""`python -m selectivity` is the command line."""

import sys

from selectivity.cli import main

if __name__ == "__main__":
    sys.exit(main())
