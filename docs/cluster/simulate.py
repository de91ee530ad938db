"""Simulates the measuring of a tier by n workers, from cell times that were measured.

    python simulate.py --tier standard --measured standard shares/*.jsonl --measured quick whole.jsonl

Each --measured names a tier and journals of it; what counts is the wall time of each cell, which `verify`
writes to the sidecar beside a journal. Where a cell of the tier was measured itself its time is taken. The
others have a time that is drawn: the predicted one times the ratio of measured to predicted time of some
measured cell of the same part of the same claim. Everything else is arithmetic on these times: no worker is
started. ESCAPEMENT names the program. Needs Python 3.9 and nothing else.
"""

import argparse
import collections
import heapq
import json
import math
import os
import random
import statistics
import subprocess
import sys

PROGRAM = os.environ.get("ESCAPEMENT", "escapement")
# As in `verify --plan`: a flop is predicted to take a nanosecond. Shares are dealt by flops alone.
NOMINAL = 1e-9
# Cells that take less are timed by the clock's and the scheduler's whims.
SHORTEST = 1e-3
# Measured cells of a part from which its ratios are taken.
FEWEST = 3
# Shares for each worker, where workers take one after another.
FINER = 8


def plan_of(tier, *share):
    """The cells of a tier: (name, claim, part, flops)."""
    command = [PROGRAM, "verify", "--tier", tier, "--plan", "--json", *share]
    cells = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return [(name(c["cell"]), c["cell"]["claim"], c["cell"].get("part", ""), c["flops"]) for c in cells]


def name(cell):
    return json.dumps(cell, sort_keys=True)


def timings(journals):
    """Seconds by cell, from the sidecars of journals; the fewest where it was measured repeatedly, because
    other work on the machine only adds to them."""
    found = {}
    for path in journals:
        if not path.endswith(".meta.jsonl"):
            with open(path + ".meta.jsonl") as lines:
                for record in map(json.loads, lines):
                    key = name(record["cell"])
                    found[key] = min(record["seconds"], found.get(key, math.inf))
    return found


def deal(weights, n):
    """The share of each cell when cells are dealt out by falling weight, each to the least loaded share: so
    does --shard, with predicted flops as weights."""
    share = [0] * len(weights)
    loads = [(0, i) for i in range(min(n, len(weights)))]
    for cell in sorted(range(len(weights)), key=lambda c: (-weights[c], c)):
        load, i = loads[0]
        share[cell] = i
        heapq.heapreplace(loads, (load + weights[cell], i))
    return share


def whole(flops):
    """Thousands of flops, as --shard counts them."""
    return [max(1, round(1e-3 * f)) for f in flops]


class Times:
    """Where the time of a cell comes from: measured, or drawn from the ratios of measured to predicted time
    of cells of the same part of its claim (or of the claim, if the part has too few), within a factor of two
    of its predicted time; where there are none, of the three nearest."""

    def __init__(self, plan, measured):
        self.plan = plan
        self.known = {}
        self.ratios = collections.defaultdict(list)
        pools = collections.defaultdict(list)
        for tier, *journals in measured:
            found = timings(journals)
            for cell, claim, part, flops in plan_of(tier):
                if cell in found and cell not in self.known:
                    self.known[cell] = found[cell]
                    if found[cell] >= SHORTEST and flops > 0:
                        ratio = found[cell] / (NOMINAL * flops)
                        self.ratios[tier].append(ratio)
                        for key in ((claim, part), claim, None):
                            pools[key].append((flops, ratio))
        self.near, self.medians = [], []
        self.sources = collections.Counter()
        medians = {key: statistics.median_high(ratio for _, ratio in pool) for key, pool in pools.items()}
        cache = {}
        for cell, claim, part, flops in plan:
            key = next(k for k in ((claim, part), claim, None) if len(pools[k]) >= FEWEST or k is None)
            if (key, flops) not in cache:
                far = sorted((abs(math.log(f / max(1.0, flops))), ratio) for f, ratio in pools[key])
                near = [ratio for distance, ratio in far if distance <= math.log(2)]
                cache[key, flops] = near or [ratio for _, ratio in far[:FEWEST]]
            self.near.append(cache[key, flops])
            self.medians.append(medians[key])
            drawn = "the part" if isinstance(key, tuple) else "the claim" if key else "all claims"
            what = "measured" if cell in self.known else f"drawn from {drawn}"
            self.sources[what] += NOMINAL * flops

    def draw(self, rng):
        return [
            self.known[cell] if cell in self.known else NOMINAL * flops * rng.choice(near)
            for (cell, _, _, flops), near in zip(self.plan, self.near)
        ]

    def learnt(self):
        """The predicted times at the median ratio of each part."""
        return [NOMINAL * c[3] * ratio for c, ratio in zip(self.plan, self.medians)]


def shares(times, share, order, n):
    """The times of the cells of each share, in the order in which they are measured."""
    found = [[] for _ in range(n)]
    for cell in order:
        found[share[cell]].append(times[cell])
    return found


class World:
    """What may happen to the workers: `slow` of them take `factor` times as long, and `killed` of them are
    killed once, at a moment that is uniform over the total time divided by their number, and are back after
    `back` seconds. With a journal they lose the running cell, without one what they had of their share."""

    def __init__(self, slow=0.0, factor=1.0, killed=0.0, back=0.0, journal=True):
        self.slow, self.factor, self.killed, self.back, self.journal = slow, factor, killed, back, journal

    def finish(self, jobs, n, begin, rng):
        """When all is done, if each idle worker takes the next job; to begin one takes `begin` seconds."""
        mean = math.fsum(math.fsum(job) for job in jobs) / n
        speed = [self.factor if rng.random() < self.slow else 1.0 for _ in range(n)]
        dies = [rng.random() * mean if rng.random() < self.killed else math.inf for _ in range(n)]
        idle = [(0.0, w) for w in range(n)]
        end = 0.0
        for job in jobs:
            now, w = idle[0]
            now += begin
            total = speed[w] * math.fsum(job)
            if now + total > dies[w]:
                at, dies[w] = max(now, dies[w]), math.inf
                if self.journal:
                    for cell in job:
                        if now + speed[w] * cell > at:
                            break
                        now += speed[w] * cell
                        total -= speed[w] * cell
                now = at + self.back + begin
            now += total
            end = max(end, now)
            heapq.heapreplace(idle, (now, w))
        return end


def main():
    plan = plan_of(options.tier)
    times = Times(plan, options.measured)
    weights = whole(c[3] for c in plan)
    falling = sorted(range(len(plan)), key=lambda c: (-weights[c], c))
    learnt = times.learnt()
    learnt_falling = sorted(range(len(plan)), key=lambda c: (-learnt[c], c))
    predicted = NOMINAL * math.fsum(c[3] for c in plan)
    longest = NOMINAL * max(c[3] for c in plan)
    size = f"{len(plan)} cells of the {options.tier} tier"
    print(f"{size}; predicted: {predicted:.0f} s, the longest {longest:.0f}")
    origin = ", ".join(f"{100 * s / predicted:.0f} % {what}" for what, s in times.sources.most_common())
    print(f"of the predicted seconds: {origin}")
    for tier, ratios in times.ratios.items():
        print(f"measured over predicted seconds, {len(ratios)} cells of the {tier} tier: {spread(ratios)}")

    # The deal of this script is that of the program.
    n = max(options.workers)
    dealt = deal(weights, n)
    for i in (1, n // 2 + 1, n):
        theirs = {c[0] for c in plan_of(options.tier, "--shard", f"{i}/{n}")}
        assert theirs == {c[0] for c, share in zip(plan, dealt) if share == i - 1}, f"share {i}/{n}"

    slow, killed = {"slow": 0.05, "factor": 2.0}, {"killed": 0.05, "back": options.back}
    calm = World()
    worlds = {
        "5 % slow": World(**slow),
        "5 % killed": World(**killed),
        "5 % killed, no journal": World(**killed, journal=False),
    }
    rng = random.Random(options.seed)
    draws = [times.draw(rng) for _ in range(options.draws)]
    totals, tops = [math.fsum(d) for d in draws], [max(d) for d in draws]
    print(f"simulated: {spread(totals)} s in all, {spread(tops)} s the longest cell, {options.draws} draws")
    print(f"more workers than {spread([t / top for t, top in zip(totals, tops)])} cannot help\n")

    rows = collections.defaultdict(list)
    for n in options.workers:
        found = collections.defaultdict(list)
        by_flops, by_learnt, finer = deal(weights, n), deal(learnt, n), deal(weights, FINER * n)
        for d in draws:
            exact = sorted(range(len(d)), key=lambda c: -d[c])
            static = shares(d, by_flops, falling, n)
            small = shares(d, finer, falling, FINER * n)
            single = [[d[c]] for c in falling]
            found["bound"].append(max(math.fsum(d) / n, max(d)))
            for what, jobs in (
                ("n shares, by the true times", shares(d, deal(d, n), exact, n)),
                ("n shares, by learnt rates", shares(d, by_learnt, learnt_falling, n)),
                ("n shares", static),
                (f"{FINER} n shares", small),
            ):
                found[what].append(calm.finish(jobs, n, options.begin, rng))
            found["single cells"].append(calm.finish(single, n, 0.0, rng))
            for what, world in worlds.items():
                found[f"n shares; {what}"].append(world.finish(static, n, options.begin, rng))
                found[f"{FINER} n shares; {what}"].append(world.finish(small, n, options.begin, rng))
                if world.journal:
                    found[f"single cells; {what}"].append(world.finish(single, n, 0.0, rng))
        for what, ends in found.items():
            efficiency = statistics.median(t / (n * e) for t, e in zip(totals, ends))
            rows[what].append(f"{spread(ends)}, {100 * efficiency:.0f} %")
    head = " | ".join(f"n = {n}" for n in options.workers)
    print(f"| seconds, efficiency | {head} |\n|---{'|--:' * len(options.workers)}|")
    for what, cells in rows.items():
        print(f"| {what} | {' | '.join(cells)} |")


def spread(numbers):
    """The median, and the 5 % and 95 % quantiles where they differ from it."""
    ordered = sorted(numbers)
    low, middle, high = (digits(ordered[round(q * (len(ordered) - 1))]) for q in (0.05, 0.5, 0.95))
    return middle if low == high else f"{middle} ({low}–{high})"


def digits(x):
    """Three digits, or all of the whole part."""
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}"


if __name__ == "__main__":
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--tier", default="standard")
    names = ("TIER", "JOURNAL")
    parser.add_argument("--measured", nargs="+", action="append", required=True, metavar=names)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--begin", type=float, default=0.2, help="seconds that a share takes to begin")
    parser.add_argument("--back", type=float, default=60.0, help="seconds until a killed worker is back")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(main())
