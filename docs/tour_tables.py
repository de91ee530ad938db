"""Fills the tables of docs/papers/nbl22.md from a run:

    escapement verify --json > quick.json
    python docs/tour_tables.py quick.json

A table stands below a line `<!-- claim: bound bound ... -->`, or `<!-- all -->` for the table of all claims.
The script replaces these tables and nothing else.
"""

import json
import pathlib
import re
import sys

TABLE = re.compile(r"^<!-- ([\w-]+)(?:: ([\w -]+))? -->\n(?:\|.*\n)*", re.MULTILINE)


def number(x):
    """Four digits, and no more zeros than that."""
    return "" if x is None else f"{x:.4g}"


def exponents(bound):
    """Claimed and measured exponents, from the least to the largest of the sweeps that decide."""
    sweeps = [e for e in bound["exponents"] if e["decides"]]
    if not sweeps:
        return "", ""
    letter = sweeps[0]["parameter"]
    claimed = sorted({e["claimed"] for e in sweeps})
    measured = []
    for c in claimed:
        of = [e["measured"] for e in sweeps if e["claimed"] == c]
        low, high = (f"{x:.2f}".replace("-0.00", "0.00") for x in (min(of), max(of)))
        measured.append(low if low == high else f"{low} to {high}")
    return f"{letter}: " + "; ".join(f"{c:g}" for c in claimed), "; ".join(measured)


def table(claim, names):
    heads = ["bound", "verdict", "constant", "exponent claimed", "measured", "what it says"]
    rows = [f"| {' | '.join(heads)} |", "|---|---|---|---|---|---|"]
    for name in names:
        bound = next(b for b in claim["bounds"] if b["name"] == name)
        claimed, measured = exponents(bound)
        constant = number(bound["implied_constant"])
        if bound["kind"] == "identity":
            constant = bound["tightness"]["text"].replace("largest relative difference", "to")
        says = bound["statement"].replace("|", "\\|")
        rows.append(f"| `{name}` | {bound['verdict']} | {constant} | {claimed} | {measured} | {says} |")
    return "".join(row + "\n" for row in rows)


def summary(claims):
    rows = ["| claim | verdict | about |", "|---|---|---|"]
    for name, claim in claims.items():
        rows.append(f"| `{name}` | {claim['verdict']} | {claim['title']} ({claim['reference']}) |")
    return "".join(row + "\n" for row in rows)


def main():
    page = pathlib.Path(__file__).with_name("papers") / "nbl22.md"
    with open(sys.argv[1]) as file:
        claims = {claim["claim"]: claim for claim in json.load(file)}

    def fill(found):
        rows = summary(claims) if found[1] == "all" else table(claims[found[1]], found[2].split())
        return found[0].splitlines()[0] + "\n" + rows

    page.write_text(TABLE.sub(fill, page.read_text()))


if __name__ == "__main__":
    main()
