"""`python -m ootd.cli` is `ootd`."""

from ootd.cli import main

if __name__ == "__main__":
    main()
