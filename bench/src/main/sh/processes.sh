# Ports, waiting and time for the parts that measure processes. Sourced by bench/run.

last_port=$((20000 + $$ % 10000))

# Whether something listens on TCP port $1, by the kernel's own lists.
listens() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf '%04X' "$1") [0-9A-F]*:0000 0A "
}

# Sets $port to one that nobody listens on.
next_port() {
  while last_port=$((last_port + 1)) && listens "$last_port"; do :; done
  port=$last_port
}

# Waits until port $1 is listened on; 1 when the process $2 ends before, or after 30 s.
await_listening() {
  tries=3000
  until listens "$1"; do
    kill -0 "$2" 2>/dev/null || return 1
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.01
  done
}

now_nanos() {
  date +%s%N
}

# The quotient $1 / $2 with four digits.
divide() {
  awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4g", a / b }'
}

# The words $2..., first to last in odd rounds and last to first in even ones, from one place
# further on each time: so nobody always follows the same one.
in_turn() {
  turn=$1
  shift
  printf '%s\n' "$@" | awk -v turn="$turn" '
    { word[NR - 1] = $0 }
    END {
      for (i = 0; i < NR; i++) {
        at = (i + int(turn / 2)) % NR
        print word[turn % 2 ? at : NR - 1 - at]
      }
    }'
}
