# What the shell tests share. Sourced by them; they are run by ./test, or each by itself.
#
# A test calls ok or not_ok (through check) and skip; the counts come as the last line, as ./test
# reads them. $work is a folder that is gone at the end.

passed=0
failed=0
skipped=0
root=$(cd -- "$(dirname -- "$0")/../../../.." && pwd)
work=$(mktemp -d)

finish() {
  chmod -R u+w "$work" 2>/dev/null
  rm -rf -- "$work"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
  exit $?
}
trap finish EXIT
trap 'exit 130' INT TERM

# check SENTENCE COMMAND...: passes when the command succeeds; its output is shown when it does not.
check() {
  sentence=$1
  shift
  if "$@" >"$work/check.log" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $sentence"
  else
    failed=$((failed + 1))
    echo "NOT OK: $sentence"
    sed 's/^/    /' "$work/check.log"
  fi
}

skip() {
  skipped=$((skipped + 1))
  echo "skipped: $1"
}

# Says both when they differ: for use under check.
equal() {
  [ "$1" = "$2" ] && return 0
  printf 'expected: %s\nfound:    %s\n' "$1" "$2"
  return 1
}

# Whether the file $2 has a line with the text $1.
says() {
  grep -qF -- "$1" "$2" && return 0
  printf 'no "%s" in:\n' "$1"
  cat -- "$2"
  return 1
}

# The least time in ms of the runs until one is below the limit $1, of a hundred at most: what the
# command costs when nothing else wants the processor, which is not so of every run.
least_millis() {
  enough=$1
  shift
  least=
  runs=100
  while [ "$runs" -gt 0 ]; do
    begun=$(date +%s%N)
    "$@" >/dev/null 2>&1 || return 1
    millis=$((($(date +%s%N) - begun) / 1000000))
    [ -n "$least" ] && [ "$least" -le "$millis" ] || least=$millis
    [ "$least" -ge "$enough" ] || break
    runs=$((runs - 1))
  done
  echo "$least"
}

faster_than() {
  limit=$1
  shift
  least=$(least_millis "$limit" "$@") || return 1
  echo "$* took $least ms at least; the limit is $limit ms"
  [ "$least" -lt "$limit" ]
}
