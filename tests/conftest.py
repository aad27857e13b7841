"""What every test may count on: the packages of this checkout are the ones that are imported."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The rooms have namesakes in tests/, which must not be taken for them where the root is not on the path.
sys.path.insert(0, str(ROOT))
