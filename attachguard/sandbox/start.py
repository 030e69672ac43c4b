"""The file that the room's Python runs: finds this very package, whatever is installed, and becomes a zygote.

Started as `python -I start.py FD`, or with the word `porter` before FD for the small one (settings.py). -I ignores the
environment, the working directory and the user's packages; loading the package by its place makes a checkout and an
installed wheel behave alike.
"""

import importlib.util
import sys
from pathlib import Path


def load_package() -> None:
    """Make `import attachguard` mean the folder this file lies in."""
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "attachguard", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package in {folder}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["attachguard"] = module
    spec.loader.exec_module(module)


def main() -> None:
    """Warm up and serve until the service hangs up."""
    load_package()
    from attachguard.sandbox import inside, settings, zygote  # noqa: PLC0415 - the package is found only now

    if settings.PORTER in sys.argv[1:-1]:
        zygote.main(inside.porter, programs={})
    else:
        zygote.main(inside.real_readers)


if __name__ == "__main__":
    main()
