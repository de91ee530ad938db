"""Builds the documents as one site with mdBook, with the report of a run in it.

    cargo install --locked mdbook
    python docs/build_site.py --escapement target/release/escapement    # writes target/site

The chapters are those of SUMMARY.md. Pages, and whatever they link to, are staged where they lie in the
repository, so that links stay as they are; a link to a source file leads to a page that shows it. The report
is measured at the quick tier, unless --journal names the journal of a run. At the end every link of the
site is followed, and a dead one is an error.
"""

import argparse
import html
import html.parser
import pathlib
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
# What is not prose: code, the targets of links, headings (their names are taken from their text), HTML.
ASIDE = re.compile(r"(`[^`]*`|^ {4,}.*$|\]\([^)]*\)|^#.*$|<[^>]*>)", re.MULTILINE)
POWER = re.compile(r"\^(?:\{([^}]*)\}|([-−]?[\w.½¼]*[\w½¼]))")
INDEX = re.compile(r"((?<![^\W\d])[^\W\d_]|[‖|)\]²'*])_(?:\{([^}]*)\}|([^\W_]|∞))(?![A-Za-z0-9_{])")
# Behind a tag, so that an asterisk there still follows a letter, and begins no emphasis: a word joiner.
JOINER = "\u2060"
# Files that a browser would offer to save, and not show.
SOURCES = {".rs", ".py", ".sh", ".sbatch", ".toml", ".cff", ".snap", ".yaml"}

SOURCE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{name}</title></head>
<body><h1 style="font: 1rem sans-serif">{name}</h1><pre>{text}</pre></body></html>
"""

SAMPLE = """# A sample report

[The report](report/index.html) of one run at the quick tier, and its numbers as [JSON](report/report.json).
[How to read a report](docs/report.md) explains it. The page needs no network and can be saved as one file.

```console
$ escapement verify
{verdicts}
$ escapement report --out report
```
"""


def is_outside(link):
    return bool(urllib.parse.urlsplit(link).scheme)


def chapters():
    """SUMMARY.md with paths from the root of the repository, and those paths."""
    found = []

    def rooted(match):
        found.append(posixpath.normpath(posixpath.join("docs", match[2])))
        return match[1] + found[-1] + match[3]

    return LINK.sub(rooted, (ROOT / "docs" / "SUMMARY.md").read_text()), found


def typeset(prose):
    """Raised exponents and lowered indices, where the text has ^ and _."""
    parts = ASIDE.split(prose)
    for place in range(0, len(parts), 2):
        lowered = INDEX.sub(lambda m: f"{m[1]}<sub>{m[2] or m[3]}</sub>{JOINER}", parts[place])
        parts[place] = POWER.sub(lambda m: f"<sup>{m[1] or m[2]}</sup>{JOINER}", lowered)
    return "".join(parts)


def stage(pages, source):
    """Copies pages, and the files that they link to, into the folder `source`."""
    for page in pages:

        def staged(match):
            start, link, end = match.groups()
            if is_outside(link):
                return match[0]
            target = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
            if not (ROOT / target).is_file():
                sys.exit(f"{page} links to {link}, which is not a file of the repository")
            if target in pages:
                return match[0]
            if target.endswith(".md"):
                sys.exit(f"{page} links to {link}, which is not in docs/SUMMARY.md")
            place = source / target
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.suffix not in SOURCES and "." in place.name:
                shutil.copyfile(ROOT / target, place)
                return match[0]
            text = html.escape((ROOT / target).read_text())
            place.with_name(place.name + ".html").write_text(SOURCE_PAGE.format(name=target, text=text))
            return start + link + ".html" + end

        place = source / page
        place.parent.mkdir(parents=True, exist_ok=True)
        # What stands between fences is code, and has no links.
        parts = (ROOT / page).read_text().split("\n```")
        parts[::2] = [typeset(LINK.sub(staged, part)) for part in parts[::2]]
        place.write_text("\n```".join(parts))


def report(program, source):
    """Writes a report from journal.jsonl beside `source` into the site, and a chapter that leads to it."""

    def run(*words):
        command = [pathlib.Path(program).resolve(), *words]
        return subprocess.run(command, cwd=source.parent, stdout=subprocess.PIPE, text=True)

    verify = run("verify", "-q", "--journal", "journal.jsonl")
    # Exit codes of `verify` are verdicts: only 2 and what signals leave are failures.
    if verify.returncode not in (0, 1, 3):
        sys.exit(f"{program} verify ended with exit code {verify.returncode}")
    run("report", "-q", "--journal", "journal.jsonl", "--out", "report").check_returncode()
    (source.parent / "report").rename(source / "report")
    (source / "sample-report.md").write_text(SAMPLE.format(verdicts=verify.stdout.rstrip()))


class Page(html.parser.HTMLParser):
    """The links and the names of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.names = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names.update(attributes[key] for key in ("id", "name") if attributes.get(key))
        self.links.extend(attributes[key] for key in ("href", "src") if attributes.get(key))


def dead_links(site):
    """How many links inside the site there are, and a line for each that leads nowhere."""
    pages = {path: Page(path.read_text()) for path in sorted(site.rglob("*.html"))}
    seen, dead = 0, []
    for path, page in pages.items():
        # The page of a path that is not there names the site by its own root.
        if path.name in ("404.html", "print.html", "toc.html"):
            continue
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            seen += 1
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            fragment = urllib.parse.unquote(parts.fragment)
            named = not fragment or target not in pages or fragment in pages[target].names
            if not (target.is_file() and named):
                dead.append(f"{path.relative_to(site)}: {link}")
    return seen, dead


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--escapement", default="escapement", help="the binary")
    parser.add_argument("--mdbook", default="mdbook", help="the binary of mdBook, version 0.5")
    parser.add_argument("--journal", type=pathlib.Path, help="a journal of the quick tier")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "target" / "site")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = folder / "src"
        summary, pages = chapters()
        stage(pages, source)
        if args.journal:
            shutil.copyfile(args.journal, folder / "journal.jsonl")
        report(shutil.which(args.escapement) or sys.exit(f"there is no {args.escapement}"), source)
        summary = summary.replace("- [The fields", "- [A sample report](sample-report.md)\n- [The fields", 1)
        (source / "SUMMARY.md").write_text(summary)
        for name in ("book.toml", "site.css"):
            shutil.copyfile(ROOT / "docs" / name, folder / name)
        subprocess.run([args.mdbook, "build", folder, "--dest-dir", folder / "site"], check=True)
        shutil.rmtree(args.out, ignore_errors=True)
        shutil.copytree(folder / "site", args.out)
    seen, dead = dead_links(args.out.resolve())
    if dead:
        sys.exit("these links lead nowhere:\n" + "\n".join(dead))
    print(f"{args.out}: {len(pages) + 1} chapters, {seen} links, none dead")


if __name__ == "__main__":
    main()
