# Moves bytes from stdin into a sender's spool, over tcp, into a file with its places: nothing is
# acknowledged that is not synced, at either end. Sourced by bench/run.
#
# Everything is written twice, to one disk: by the spool and by the file. Beside it stand the same
# transfer with nothing kept (to stdout), the receiver's half alone, messages of 100 bytes (lines of
# a log), and what the disk itself takes: dd into a new file, in the blocks of a round of the file
# (2 MiB), each synced before the next. The folder is below bench/target, on the disk of this clone.

command -v /usr/bin/time >/dev/null || check_peers
"$root/hostpipe" --version >/dev/null || exit 1
contenders='memory receiver both lines disk'
disk=$here/target/durable
export XDG_STATE_HOME="$disk/state"

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
copies=$((size / 4))
while [ $((copies -= 1)) -ge 0 ]; do
  cat "$work/log"
done >"$memory"
durable_bytes=$(wc -c <"$memory")

durable_receiver() {
  case $1 in
    memory) set -- - ;;
    lines) set -- "$disk/out" --session bench --frame lines ;;
    *) set -- "$disk/out" --session bench ;;
  esac
  /usr/bin/time -q -f '%U %S %M' -o "$work/receiver" "$root/hostpipe" -q \
    "tcp-listen://127.0.0.1:$port/bench" "$@" </dev/null 2>"$work/receiver.err" >/dev/null
}

durable_sender() {
  case $1 in
    both) set -- --spool "$disk/spool" --restarted replay ;;
    lines) set -- --spool "$disk/spool" --restarted replay --frame lines ;;
    *) set -- ;;
  esac
  /usr/bin/time -q -f '%U %S %M' -o "$work/sender" "$root/hostpipe" -q \
    - "tcp://127.0.0.1:$port/bench" "$@" 2>"$work/sender.err"
}

# One transfer by $1: sets $nanos, and leaves what came in $disk/out. What went wrong is told, and 1
# returned.
durable_transfer() {
  rm -rf -- "$disk"
  mkdir -p -- "$disk"
  sync -f "$disk"
  if [ "$1" = disk ]; then
    begun=$(now_nanos)
    dd if="$memory" of="$disk/out" bs=2M oflag=dsync 2>"$work/dd.err" || {
      say "dd failed: $(cat "$work/dd.err")"
      return 1
    }
    nanos=$(($(now_nanos) - begun))
    return 0
  fi
  next_port
  durable_receiver "$1" &
  receiving=$!
  await_listening "$port" "$receiving" || {
    say "$1 does not listen: $(cat "$work/receiver.err")"
    return 1
  }
  begun=$(now_nanos)
  cat "$memory" | durable_sender "$1"
  sent=$?
  wait "$receiving"
  received=$?
  nanos=$(($(now_nanos) - begun))
  [ "$sent" -eq 0 ] && [ "$received" -eq 0 ] || {
    say "$1 ended with $sent and $received: $(cat "$work/sender.err" "$work/receiver.err")"
    return 1
  }
}

durable_told() {
  figure durable rate "$1" "$2" "$(awk -v n="$nanos" -v m="$durable_bytes" \
    'BEGIN { printf "%.4g", m / 1048576 * 1e9 / n }')" MiB/s
  [ "$1" != disk ] || return 0
  for end in sender receiver; do
    tail -n 1 "$work/$end" >"$work/used"
    read -r user system resident <"$work/used"
    figure durable "$end cpu" "$1" "$2" "$(awk -v u="$user" -v s="$system" -v m="$durable_bytes" \
      'BEGIN { printf "%.4g", (u + s) * 1073741824 / m }')" s/GiB
    figure durable "$end resident" "$1" "$2" "$(divide "$resident" 1024)" MiB
  done
}

for contender in receiver both lines; do
  durable_transfer "$contender" || exit 1
  cmp -s "$memory" "$disk/out" || {
    say "$contender delivered something else than what was sent"
    exit 1
  }
  figure durable verified "$contender" 0 1 bool
done
round=0
while [ $((round += 1)) -le "$rounds" ]; do
  # shellcheck disable=SC2086 # a list of words
  for contender in $(in_turn "$round" $contenders); do
    durable_transfer "$contender" || exit 1
    durable_told "$contender" "$round"
  done
done
rm -f -- "$memory"
memory=

# A spool of five times the size is written by a process that dies, and opened by another one.
rm -rf -- "$disk"
mkdir -p -- "$disk"
in_java SpoolWrites "$disk" $((5 * size)) 256 die >/dev/null || exit 1
round=0
while [ $((round += 1)) -le 3 ]; do
  figure durable recovery spool "$round" "$(in_java SpoolWrites "$disk" $((5 * size)) 256 open)" ms
done
rm -rf -- "$disk"
