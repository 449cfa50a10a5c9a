import subprocess
import sys
import types

import ootd


def test_everything_public_is_exported_and_sorted() -> None:
    submodules = {name for name, one in vars(ootd).items() if isinstance(one, types.ModuleType)}
    public = {name for name in vars(ootd) if not name.startswith("_")} - submodules
    assert public | {"__version__"} == set(ootd.__all__)
    assert len(ootd.__all__) == len(set(ootd.__all__))


def test_importing_the_client_imports_none_of_the_extras() -> None:
    """In a process of its own: this one has imported them long ago."""
    extras = "{'PIL', 'numpy', 'ootd_samples', 'typer', 'rich'}"
    code = f"import sys, ootd, ootd.testing; print(sorted({extras} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
