#!/usr/bin/env python3
"""Run a command beside a fresh PostgreSQL: ``scripts/with_postgres.py COMMAND...``; the cluster is gone afterwards.

The command finds its address in ZAOGUANG_TEST_DATABASE_URL (tests) and ZAOGUANG_DATABASE_URL (a centre). Without
PostgreSQL's programs the command does not run: a failure where CI=true, else one sentence and exit 0.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.postgres import PostgresMissingError, cluster


def main() -> int:
    """Run the command line given and pass its exit code on."""
    if len(sys.argv) == 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with cluster() as running:
            here = os.environ | {
                "ZAOGUANG_TEST_DATABASE_URL": running.address,
                "ZAOGUANG_TEST_DATABASE_FOLDER": str(running.folder),
                "ZAOGUANG_DATABASE_URL": running.address,
            }
            return subprocess.run(sys.argv[1:], env=here, check=False).returncode
    except PostgresMissingError as why:
        print(f"Not run: {why}.", file=sys.stderr)
        return 1 if os.environ.get("CI", "").lower() in {"1", "true"} else 0


if __name__ == "__main__":
    sys.exit(main())
