"""A run file as a run that goes on with it begins."""

from pathlib import Path

from linregbench.results.runfile.read import Run
from linregbench.results.runfile.write import RunWriter


def trimmed(path: Path) -> Run:
    """What a resumed run starts from, when the file was opened for it and closed again."""
    with RunWriter(path, append=True) as writer:
        assert writer.before is not None
        return writer.before
