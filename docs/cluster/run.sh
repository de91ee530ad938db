#!/bin/bash
# Measures claims on a cluster, in a folder that all nodes see:
#   run.sh N [CLAIM…] [--tier T] [--seed S]
# N tasks measure a share each. When all are done, one more job joins their journals in journal.jsonl and
# writes the verdicts to verdicts.log. Options of sbatch that hold for every job go to SBATCH_… variables,
# such as SBATCH_PARTITION or SBATCH_CONSTRAINT.
set -euo pipefail
if ! [[ "${1:-}" =~ ^[1-9][0-9]*$ ]]; then
    echo "run.sh: the number of shares comes first, as in: run.sh 8 --tier standard" >&2
    exit 2
fi
shares=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p shares
# A misspelt name or an unknown option ends the script here, and not later in the queue.
"${ESCAPEMENT:-escapement}" verify "$@" --plan --shard "1/$shares" | tail -n 1
array=$(sbatch --parsable --array="1-$shares" "$here/verify.sbatch" "$@")
merge=$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes "$here/merge.sbatch" "$@")
echo "$array $merge"
