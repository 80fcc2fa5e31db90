"""``python -m zaoguang``: the command line."""

from zaoguang.cli import run

if __name__ == "__main__":
    run()
