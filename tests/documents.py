"""The commands and the Python that README and docs show, in the order in which they stand."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\w+\.\w+)\n")
_UNFENCED = re.compile(r"^ {4}(linregbench|make|python|pip) .*", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A command line, or a block of Python; `file` is the name that its first line gives it."""

    document: str
    language: str
    text: str
    file: str | None = None

    @property
    def words(self) -> list[str]:
        """A command's, without its comment and without variables set before it."""
        words = shlex.split(self.text, comments=True)
        return words[next((place for place, word in enumerate(words) if "=" not in word), 0) :]

    def __str__(self) -> str:
        return f"{self.document}: {self.text.splitlines()[0]}"


def shown_in(path: Path) -> Iterator[Shown]:
    """Everything that a document shows."""
    for language, block in _FENCE.findall(path.read_text(encoding="utf-8")):
        if language == "sh":
            yield from (Shown(path.name, language, line.strip()) for line in block.splitlines() if line.strip())
        else:
            named = _FILE.match(block)
            yield Shown(path.name, language, block, named[1] if named else None)


def unfenced(path: Path) -> list[str]:
    """Commands that stand where nothing would look for them."""
    return [match[0].strip() for match in _UNFENCED.finditer(path.read_text(encoding="utf-8"))]
