"""Runs a page of this folder from top to bottom in an empty folder, and compares its output with the page.

    python docs/run_page.py docs/from-python.md
    python docs/run_page.py docs/from-python.md --update    # writes what was printed into the page

The blocks of a page are taken in order. All blocks `sh` are run, in one shell, and a block `text` after one
shows what it prints on stdout. A block with a file name after its language (`python train.py`) is written to
that file, and a block `diff` is a patch to files that were written before; both name files from the folder
in which the page begins. Other blocks are ignored. A command after the page is run in the shell first:

    python docs/run_page.py docs/adding-a-claim.md "ln -s $PWD escapement"
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
END = "-- end of block --"


def script(blocks):
    """One shell script for all blocks; what each prints ends with a line of its own."""
    lines = ["set -e", "START=$PWD"]
    for language, name, body in blocks:
        if language == "sh":
            lines.append(body.rstrip())
            lines.append(f"echo '{END}'")
        elif language == "diff":
            lines.append(f"patch --silent --strip=0 --directory=\"$START\" <<'{END}'\n{body}{END}")
        elif name:
            path = '"$START"/' + shlex.quote(name)
            lines.append(f"mkdir -p $(dirname {path})\ncat > {path} <<'{END}'\n{body}{END}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("first", nargs="?", default="")
    parser.add_argument("--update", action="store_true")
    words = "run in this folder, which must be empty or missing, and keep it"
    parser.add_argument("--keep", type=pathlib.Path, help=words)
    args = parser.parse_args()
    page = args.page.read_text()
    found = list(BLOCK.finditer(page))
    blocks = [(b[1], b[2].strip(), b[3]) for b in found]

    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            sys.exit(f"{folder} is not empty")
        text = args.first + "\n" + script(blocks)
        run = subprocess.run(["bash"], input=text, cwd=folder, stdout=subprocess.PIPE, text=True)
    printed = run.stdout.split(END + "\n")
    commands = sum(language == "sh" for language, _, _ in blocks)
    if run.returncode != 0 or len(printed) != commands + 1:
        sys.exit(f"block {len(printed)} of {commands} failed with {run.returncode}:\n{printed[-1]}")

    different, at, last = 0, 0, None
    out, position = [], 0
    for (language, _, body), block in zip(blocks, found):
        if language == "sh":
            last, at = printed[at], at + 1
        elif language == "text" and last is not None:
            if body != last:
                different += 1
                print(f"shown:\n{body}printed:\n{last}")
            out += [page[position : block.start(3)], last]
            position, last = block.end(3), None
    if args.update:
        args.page.write_text("".join(out) + page[position:])
    written = ", written" if args.update else ""
    print(f"{args.page}: {commands} commands, {different} printed other text than the page shows{written}")
    sys.exit(0 if args.update or different == 0 else 1)


if __name__ == "__main__":
    main()
