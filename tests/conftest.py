"""What every test may count on: the packages of this checkout are the ones that are imported.

And, where tests run in several processes, that those which measure for real do so one after another.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The rooms have namesakes in tests/, which must not be taken for them where the root is not on the path.
sys.path.insert(0, str(ROOT))

REAL = {
    *("test_clock", "test_command_line", "test_faults", "test_findings"),
    *("test_handle", "test_interrupts", "test_truth", "test_documents", "test_cluster"),
}
"""Files whose tests start processes and time them."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole files, those in REAL as one; xdist's own groups do nothing under pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "real" if Path(file).stem in REAL else file

    return ByFile(config, log)
