# The figures of docs/CHOOSING.md: each link by `hostpipe bench`, and under cuts. Sourced by bench/run.

"$root/hostpipe" --version >/dev/null || exit 1

# The number with that name in the JSON of a bench.
json_number() {
  sed -n "s/.*\"$1\":\([0-9.]*\)[,}].*/\1/p" "$work/bench.json"
}

bench_figures() {
  figure choosing throughput "$1" "$2" "$(json_number gibPerSecond)" GiB/s
  figure choosing messages "$1" "$2" "$(json_number messagesPerSecond)" msg/s
  figure choosing median "$1" "$2" "$(json_number latencyMedianMicros)" us
  figure choosing p99 "$1" "$2" "$(json_number latency99Micros)" us
  figure choosing "cpu here" "$1" "$2" "$(json_number cpuSecondsPerGibHere)" s/GiB
  figure choosing "cpu there" "$1" "$2" "$(json_number cpuSecondsPerGibThere)" s/GiB
}

# Measures SCHEME against a bench that listens.
bench_link() {
  case $1 in
    *unix) listens=$1-listen://$work/bench.sock dials=$1://$work/bench.sock ;;
    *)
      next_port
      listens=$1-listen://127.0.0.1:$port/bench dials=$1://127.0.0.1:$port/bench
      case $1 in raw+*) listens=${listens%/bench} dials=${dials%/bench} ;; esac
      ;;
  esac
  "$root/hostpipe" bench "$listens" -q &
  answering=$!
  "$root/hostpipe" bench "$dials" "for=$bench_for" -q --summary json >"$work/bench.json"
  code=$?
  kill "$answering" && wait "$answering" 2>/dev/null
  return $code
}

links=
for scheme in tcp unix raw+tcp raw+unix; do
  "$root/hostpipe" addresses "$scheme" >/dev/null 2>&1 && links="$links $scheme"
done
round=0
while [ $((round += 1)) -le "$rounds" ]; do
  # shellcheck disable=SC2086 # a list of words
  for link in $(in_turn "$round" local $links); do
    case $link in
      local) "$root/hostpipe" bench - "for=$bench_for" -q --summary json >"$work/bench.json" ;;
      *) bench_link "$link" ;;
    esac || {
      say "'$link' failed"
      exit 1
    }
    bench_figures "$link" "$round"
  done
done
# shellcheck disable=SC2086 # a list of words
in_java Cuts "$rounds" "$cut_mib" plain $links >>"$raw" || failed="$failed cuts"
