# Moves a log from stdin over tcp to stdout, as bytes and as messages. Sourced by bench/run.
#
# The log is half of --size: lines of 20 to 180 bytes, 100 on average. Feeder and drain are those of
# the part bytes; here the contenders are the ways of telling messages apart. In a round of its own,
# not timed, the drain is cksum, and what comes out must be what went in.

command -v /usr/bin/time >/dev/null || check_peers
"$root/hostpipe" --version >/dev/null || exit 1
contenders='bytes lines lines-to-u32'

memory=$(mktemp /dev/shm/hostpipe-bench.XXXXXX) || exit 1
awk 'BEGIN {
  srand(1)
  for (i = 0; i < 200; i++) {
    filler = filler sprintf("%c", 97 + int(26 * rand()))
  }
  while (written < 4 * 1048576) {
    line = "2026-11-28T04:00:00Z " substr(filler, 1, int(160 * rand()))
    print line
    written += length(line) + 1
  }
}' >"$work/log"
copies=$((size / 8))
while [ $((copies -= 1)) -ge 0 ]; do
  cat "$work/log"
done >"$memory"
framed_bytes=$(wc -c <"$memory")

framed_words() {
  case $1 in
    bytes) ;;
    lines) echo --frame lines ;;
    lines-to-u32) if [ "$2" = sender ]; then echo --frame lines; else echo --frame-out u32; fi ;;
  esac
}

# One transfer by $1 into the drain $2...: sets $nanos. What went wrong is told, and 1 returned.
framed_transfer() {
  contender=$1
  shift
  next_port
  # shellcheck disable=SC2046 # lists of words
  {
    /usr/bin/time -q -f '%U %S %M' -o "$work/receiver" "$root/hostpipe" -q \
      "tcp-listen://127.0.0.1:$port/bench" - $(framed_words "$contender" receiver) \
      </dev/null 2>"$work/receiver.err" | "$@" >"$work/drained"
  } &
  receiving=$!
  await_listening "$port" "$receiving" || {
    say "$contender does not listen: $(cat "$work/receiver.err")"
    return 1
  }
  begun=$(now_nanos)
  # shellcheck disable=SC2046 # lists of words
  cat "$memory" | /usr/bin/time -q -f '%U %S %M' -o "$work/sender" "$root/hostpipe" -q \
    - "tcp://127.0.0.1:$port/bench" $(framed_words "$contender" sender) 2>"$work/sender.err"
  sent=$?
  wait "$receiving"
  nanos=$(($(now_nanos) - begun))
  [ "$sent" -eq 0 ] || {
    say "$contender ended with $sent: $(cat "$work/sender.err")"
    return 1
  }
}

framed_told() {
  for end in sender receiver; do
    tail -n 1 "$work/$end" >"$work/used"
    read -r user system resident <"$work/used"
    figure framed "$end cpu" "$1" "$2" "$(awk -v u="$user" -v s="$system" -v m="$framed_bytes" \
      'BEGIN { printf "%.4g", (u + s) * 1073741824 / m }')" s/GiB
    figure framed "$end resident" "$1" "$2" "$(divide "$resident" 1024)" MiB
  done
  figure framed rate "$1" "$2" "$(awk -v n="$nanos" -v m="$framed_bytes" \
    'BEGIN { printf "%.4g", m / 1073741824 * 1e9 / n }')" GiB/s
}

expected=$(cksum <"$memory")
for contender in bytes lines; do
  framed_transfer "$contender" cksum || exit 1
  [ "$(cat "$work/drained")" = "$expected" ] || {
    say "$contender delivered something else than what was sent"
    exit 1
  }
  figure framed verified "$contender" 0 1 bool
done
round=0
while [ $((round += 1)) -le "$rounds" ]; do
  # shellcheck disable=SC2086 # a list of words
  for contender in $(in_turn "$round" $contenders); do
    framed_transfer "$contender" sh -c 'exec cat >/dev/null' || exit 1
    framed_told "$contender" "$round"
  done
done
rm -f -- "$memory"
memory=
