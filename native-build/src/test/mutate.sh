#!/usr/bin/env bash
# The mutation test: leaves out each barrier of the kernels in turn and runs the cases that reach it, under the access
# checker and in several orders of threads. A barrier that nobody misses is a survivor: either it is not needed, or a test
# is missing. Survivors must be those that the table explains (survivors.txt), no more and no fewer.
#
#   mutate.sh <folder of the test programs> <folder of the kernels> <table> [part of a barrier's key]
#
# No program is built anew: the emulator skips the barrier that SIMT_SKIP names. A barrier's key is
# <file> <device function or kernel> <number of the barrier in it>, which edits elsewhere do not change.
set -euo pipefail
programs=$1 kernels=$2 table=$3 part=${4:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Lines "file:line file function number" of every barrier. Comments hold none.
barriers() {
  for file in "$kernels"/*.cu*; do
    [ "$(basename "$file")" = simt.cuh ] && continue
    awk -v file="$(basename "$file")" '
      { line = $0; sub(/\/\/.*/, "", line) }
      match(line, /KERNEL\([a-z_0-9A-Z]+/) { name = substr(line, RSTART, RLENGTH); sub(/.*\(/, "", name); number = 0 }
      line ~ /__device__/ && match(line, /[a-zA-Z_0-9]+\(/) && line !~ /__align__/ {
        name = substr(line, RSTART, RLENGTH - 1); number = 0
      }
      line ~ /(__syncthreads(_or|_and|_count)?|__syncwarp|cluster_sync|(\.|::)sync)\(/ &&
      line !~ /\(OF_CALLER\)/ {
        number++; print file ":" NR " " file " " name " " number
      }' "$file"
  done
}

# Lines "file:line program case milliseconds" of every barrier that a program's cases reach.
reached() {
  set -euo pipefail
  local name
  name=$(basename "$1" _plain)
  SIMT_SEED=1 "$1" --barriers > "$work/list.$name" 2> "$work/said.$name" ||
    { cat "$work/list.$name" "$work/said.$name" >&2; return 255; }
  awk -v name="$name" '{ print $1, name, $2, $3 }' "$work/list.$name" > "$work/reached.$name"
}

# The variant, seed and case that miss the barrier, if any do: the quickest first. One that the table explains gets one try.
killer() {
  local place=$1 tries="checked:1 plain:1 plain:2 plain:0 checked:2" program case variant seed
  ! grep -qxF "$2" "$work/explained" || tries=checked:1
  for pair in $tries; do
    variant=${pair%:*} seed=${pair#*:}
    while read -r _ program case _; do
      # Time of the processor, not of the clock: a machine with much else to do must not seem to miss a barrier.
      if ! (ulimit -t 300; SIMT_SKIP=$place SIMT_SEED=$seed SIMT_THREADS=1 SIMT_SECONDS=300 \
        "$programs/${program}_$variant" "$case") > "$work/output.$place" 2>&1; then
        echo "$variant, seed $seed: $(sed -n 's/^FAILED [^:]*: //p' "$work/output.$place" | head -1 | cut -c1-160 | grep . || echo "no end in 300 s")"
        return
      fi
    done < <(grep "^$place " "$work/reached" | sort -n -k 4)
  done
}

# Tells what became of a barrier; a survivor's key is left in a file of its own.
judge() {
  set -euo pipefail
  local place=$1 key="$2 $3 $4" by=
  if ! grep -q "^$place " "$work/reached"; then
    echo "$place ($key): no case reaches it"
    echo "$key" > "$work/survivor.$place"
    return
  fi
  by=$(killer "$place" "$key")
  if [ -n "$by" ]; then
    echo "$place ($key): missed by $by"
  else
    echo "$place ($key): SURVIVES"
    echo "$key" > "$work/survivor.$place"
  fi
}

barriers | { grep -F -- "$part" || true; } > "$work/barriers"
sed -e '/^#/d' -e '/^$/d' -e 's/ *|.*//' "$table" | { grep -F -- "$part" || true; } | sort > "$work/explained"
count=$(wc -l < "$work/barriers")
export -f reached judge killer
export programs work
printf '%s\n' "$programs"/*_test_plain | xargs -P "$(nproc)" -L 1 bash -c 'reached "$@"' reached
cat "$work"/reached.* > "$work/reached"
xargs -P "$(nproc)" -L 1 bash -c 'judge "$@"' judge < "$work/barriers"

find "$work" -name 'survivor.*' -exec cat {} + | sort > "$work/found"
echo
echo "$count barriers, $(wc -l < "$work/found") survivors, $(wc -l < "$work/explained") explained"
status=0
while read -r key; do
  echo "not explained in $table: $key"
  status=1
done < <(comm -23 "$work/found" "$work/explained")
while read -r key; do
  echo "explained in $table, but it does not survive or does not exist: $key"
  status=1
done < <(comm -13 "$work/found" "$work/explained")
exit $status
