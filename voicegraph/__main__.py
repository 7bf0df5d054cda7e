"""`python -m voicegraph`"""

import sys

from voicegraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
