"""Make the virtual environment, or mend one that an interrupted install left half made.

Runs before anything is installed: the standard library alone, and any Python that can parse it.
"""

import pathlib
import shutil
import subprocess
import sys

OLDEST = (3, 11)


def works(folder):
    """Whether the environment's own Python starts and its pip is whole."""
    python = folder / "bin" / "python"
    try:
        return subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def main(folder):
    if sys.version_info < OLDEST:
        seen = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"linregbench needs Python 3.11 or newer, and {sys.executable} is {seen}: try make PYTHON=python3.12")
    if folder.exists():
        if works(folder):
            return
        print(f"{folder} is half made, probably by an interrupted install: making it anew", flush=True)
        shutil.rmtree(folder)
    try:
        import ensurepip  # noqa: F401  Debian and Ubuntu ship venv without it, in a package of its own
        import venv  # noqa: F401
    except ImportError:
        version = "{}.{}".format(*sys.version_info[:2])
        sys.exit(f"this Python has no venv module: on Debian or Ubuntu, apt install python{version}-venv")
    if subprocess.run([sys.executable, "-m", "venv", str(folder)]).returncode:
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(f"could not make a virtual environment in {folder}: see the lines above")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
