# Sourced by the two lanes: runs checks, keeps what they say and what they cost, and sums up.
# Each check ends in a line of "$logs/results": status, seconds of wall and of CPU, passed, failed, name.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export CI=true CDK_VALIDATION=false JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20
export PATH="$PWD/node_modules/.bin:$PATH"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# jest says "Tests: 3 failed, 97 passed, 100 total", the end-to-end run "8 passed, 0 failed".
count() { grep -E '^(Tests: .* total|[0-9]+ passed, [0-9]+ failed)$' "$2" | grep -oE "[0-9]+ $1" | awk '{ n += $1 } END { print n + 0 }'; }

record() {
  local status=$1 name=$2 log=$3 wall user system passed failed TIMEFORMAT
  read -r wall user system < <(tail -n 1 "$log.time")
  passed=$(count passed "$log") failed=$(count failed "$log")
  [ "$status" -ne 0 ] && [ "$failed" -eq 0 ] && failed=1
  awk -v s="$status" -v w="$wall" -v c="$user $system" -v p="$passed" -v f="$failed" -v n="$name" \
    'BEGIN { split(c, t, " "); printf "%d %.0f %.0f %d %d %s\n", s, w, t[1] + t[2], p, f, n }' | tee -a "$logs/results" |
    awk '{ printf "== %s after %d s, %d s of CPU:", $1 ? "FAILED" : "passed", $2, $3; for (i = 6; i <= NF; i++) printf " %s", $i; print "" }'
  return "$status"
}

# check <name> <command>...: says what the command says, in a lane only when it has ended
check() {
  local name=$1 log TIMEFORMAT='%R %U %S'
  shift
  log=$(mktemp "$logs/log.XXXXXX")
  if [ -n "${lane-}" ]; then
    { time "$@" < /dev/null > "$log" 2>&1; } 2> "$log.time"
    record $? "$name" "$log" > "$log.end"
    printf '%s\t%s\n' "$log" "$name"
  else
    echo "== $name"
    { time "$@" < /dev/null 2>&1 | tee "$log"; } 2> "$log.time"
    record $? "$name" "$log"
  fi
}

# side_by_side <lane>...: functions that call check
side_by_side() {
  local lane log name
  for lane in "$@"; do
    (trap - EXIT && "$lane") &
  done | while IFS=$'\t' read -r log name; do
    echo "== $name"
    cat "$log" "$log.end"
  done
}

# The last lines: what each check cost, the sum, and the tests of all of them.
finish() {
  awk -v wall="$SECONDS" '
    BEGIN { print ""; print "  wall    CPU  check" }
    { name = $6; for (i = 7; i <= NF; i++) name = name " " $i
      printf "%4d s %4d s  %s%s\n", $2, $3, name, $1 ? " FAILED" : ""; cpu += $3; passed += $4; failed += $5 }
    END { printf "%4d s %4d s  all\n", wall, cpu; printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }
  ' "$logs/results"
  exit $?
}
