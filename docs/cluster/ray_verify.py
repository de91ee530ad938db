"""Measures claims with Ray, a share of the cells in each task, joins the shares and gives the verdicts.

    python ray_verify.py N [CLAIM…] [--tier T] [--seed S]

The shares are in shares/, the joined journal is journal.jsonl; on several machines the present folder must
be one that all of them see. ESCAPEMENT names the program. A task that fails, or whose machine goes away, is
begun again, and goes on where its journal ends; so does the whole script.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import ray

PROGRAM = os.environ.get("ESCAPEMENT", "escapement")


@ray.remote(num_cpus=1, max_retries=5, retry_exceptions=True)
def measure(program, folder, share, options):
    """What the journal of the share i/n holds in the end, as `verify --shard --json` says it."""
    name = share.split("/")[0]
    command = [program, "verify", *options, "--shard", share, "--journal", f"shares/{name}.jsonl"]
    command += ["--jobs", "1", "--json", "-q"]
    # If this process is killed its child must not stay behind, since it would hold the journal against the
    # next attempt. (Linux; elsewhere the attempts fail until it is done.)
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"share {share} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main():
    if len(sys.argv) < 2 or not re.fullmatch("[1-9][0-9]*", sys.argv[1]):
        sys.exit("ray_verify.py: the number of shares comes first, as in: ray_verify.py 8 --tier standard")
    shares, options = int(sys.argv[1]), sys.argv[2:]
    folder = pathlib.Path.cwd()
    (folder / "shares").mkdir(exist_ok=True)
    # A misspelt name or an unknown option ends the script here. The first share has the longest cell, and
    # another one may have the hungriest: so the memory of a task is that of the whole plan.
    plan = subprocess.run([PROGRAM, "verify", *options, "--plan", "--json"], stdout=subprocess.PIPE)
    if plan.returncode != 0:
        sys.exit(plan.returncode)
    memory = int(max((cell["bytes"] for cell in json.loads(plan.stdout)), default=0)) + (64 << 20)

    ray.init(include_dashboard=False)
    task = measure.options(memory=memory)
    running = [task.remote(PROGRAM, folder, f"{i}/{shares}", options) for i in range(1, shares + 1)]
    missing = 0
    while running:
        [ready], running = ray.wait(running)
        try:
            found = ray.get(ready)
        except ray.exceptions.RayError as error:
            missing += 1
            print(str(error).strip().splitlines()[-1], file=sys.stderr, flush=True)
            continue
        cells, failed = len(found["cells"]), len(found["failed"])
        line = f"share {found['shard']}: {cells} cells, {found['reused']} of them from before"
        print(line + (f"; {failed} could not be measured" if failed else ""), flush=True)
    ray.shutdown()
    if missing:
        sys.exit("ray_verify.py: a share is missing; the same command again measures what is left of it")

    journals = [f"shares/{i}.jsonl" for i in range(1, shares + 1)]
    subprocess.run([PROGRAM, "merge", *journals, "--out", "journal.jsonl"], check=True)
    sys.exit(subprocess.run([PROGRAM, "verify", *options, "--journal", "journal.jsonl"]).returncode)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("ray_verify.py: interrupted; the same command goes on from the journals", file=sys.stderr)
        sys.exit(130)
