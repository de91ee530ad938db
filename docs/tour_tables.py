"""Fills the tables of the page of a paper, here docs/papers/nbl22.md, from runs:

    escapement verify --paper nbl22 --json > quick.json
    escapement verify --paper nbl22 --tier standard --json > standard.json
    escapement verify --paper nbl22 --seeds 5 --json > seeds.json
    python docs/tour_tables.py nbl22 quick.json standard.json seeds.json

A table stands below a line `<!-- claim: bound bound ... -->`, or `<!-- claim standard: bound ... -->` where
the quick tier does not measure it; below `<!-- all -->` for the table of all claims; or below `<!-- seeds:
quick -->` for the verdicts over the seeds of a tier. The script replaces the tables that the files tell of,
and nothing else.
"""

import json
import pathlib
import re
import sys

TABLE = re.compile(r"^<!-- ([\w-]+)( standard)?(?:: ([\w -]+))? -->\n(?:\|.*\n)*", re.MULTILINE)


def number(x):
    """Four digits, and no more zeros than that."""
    return "" if x is None else f"{x:.4g}"


def exponents(bound):
    """Claimed and measured exponents, from the least to the largest of the sweeps that decide."""
    sweeps = [e for e in bound["exponents"] if e["decides"]]
    if not sweeps:
        return "", ""
    letter = sweeps[0]["parameter"]
    # Where one constant is claimed along the sweep and no power, the right side has its own.
    claimed = sorted({round(e["claimed"], 2) for e in sweeps})
    measured = []
    for c in claimed:
        of = [e["lhs"]["value"] for e in sweeps if round(e["claimed"], 2) == c]
        low, high = (f"{x:.2f}".replace("-0.00", "0.00") for x in (min(of), max(of)))
        measured.append(low if low == high else f"{low} to {high}")
    return f"{letter}: " + "; ".join(f"{c:g}" for c in claimed), "; ".join(measured)


def word(found):
    """The verdict, with the word in brackets where it is outside the hypotheses."""
    verdict = found["verdict"].replace("-", " ")
    return f"{verdict} ({found['bracketed']})" if "bracketed" in found else verdict


def power(found):
    """The smallest violation that would have been refuted."""
    found = found.get("power", [{}])[0]
    least = found.get("least")
    if least is None:
        return ""
    if found["planted"] == "power":
        return f"{found['variable']}^{least:.2f}"
    return f"× {least:.3g}" if found["planted"] == "factor" else f"{least:.2f}"


def powers(claim):
    def one(p):
        if "bound" not in p:
            return f"{p['variable']} not looked at"
        return f"{p['variable']}^{p['least']:.2f}" if "least" in p else f"{p['variable']} none up to 4"

    return ", ".join(one(p) for p in claim.get("power", []))


def table(claim, names):
    heads = ["bound", "verdict", "constant", "exponent claimed", "measured", "power", "what it says"]
    rows = [f"| {' | '.join(heads)} |", "|---|---|---|---|---|---|---|"]
    for name in names:
        bound = next(b for b in claim["bounds"] if b["name"] == name)
        claimed, measured = exponents(bound)
        constant = number(bound["implied_constant"])
        if bound["kind"] == "identity":
            constant = bound["tightness"]["text"].replace("largest relative difference", "to")
        says = bound["statement"].replace("|", "\\|")
        what = [f"`{name}`", word(bound), constant, claimed, measured, power(bound), says]
        rows.append(f"| {' | '.join(what)} |")
    return "".join(row + "\n" for row in rows)


def summary(claims):
    rows = ["| claim | verdict | power | about |", "|---|---|---|---|"]
    for name, claim in claims.items():
        about = f"{claim['title']} ({claim['reference']})"
        rows.append(f"| `{name}` | {word(claim)} | {powers(claim)} | {about} |")
    return "".join(row + "\n" for row in rows)


def over_seeds(runs):
    """The verdicts of each claim, one column for each seed."""
    heads = ["claim"] + [str(run[0]["seed"]) for run in runs]
    rows = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for claims in zip(*runs):
        rows.append(f"| `{claims[0]['claim']}` | {' | '.join(map(word, claims))} |")
    return "".join(row + "\n" for row in rows)


def main():
    page = pathlib.Path(__file__).with_name("papers") / f"{sys.argv[1]}.md"
    tables = {}
    for name in sys.argv[2:]:
        content = json.loads(pathlib.Path(name).read_text())
        if isinstance(content[0], list):
            tables["seeds", content[0][0]["tier"]] = over_seeds(content)
            continue
        tier = content[0]["tier"]
        claims = {claim["claim"]: claim for claim in content}
        tables["all", tier] = summary(claims)
        tables.update({(name, tier): claim for name, claim in claims.items()})

    def fill(found):
        kind, standard, names = found.groups()
        tier = names if kind == "seeds" else "standard" if standard else "quick"
        content = tables.get((kind, tier))
        if content is None:
            return found[0]
        rows = content if isinstance(content, str) else table(content, names.split())
        return found[0].splitlines()[0] + "\n" + rows

    page.write_text(TABLE.sub(fill, page.read_text()))


if __name__ == "__main__":
    main()
