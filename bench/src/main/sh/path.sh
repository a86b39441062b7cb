# What share of 1 Gbit/s each link fills at round trips of 2, 50 and 200 ms: through a proxy that delays
# and paces (LongPath, which says what it measures). Sourced by bench/run.

path_mbit=1000
path_millis='2 50 200'
peers_of_all=$peers
peers='openssl ssh sshd'
check_peers
links='hostpipe tls ws grpc ssh'
for peer in openssl ssh sshd; do
  case " $peers " in
    *" $peer "*) ;;
    *) links='hostpipe ws grpc' ;;
  esac
done
"$root/hostpipe" --version >/dev/null || exit 1
. "$here/src/main/sh/ends.sh"

# One transfer by $1 at a round trip of $2 ms: sets $filled and $from_start.
through_path() {
  next_port
  { (receive "$1") </dev/null 2>"$work/receiver.err" | cat >/dev/null; } &
  receiving=$!
  await_listening "$port" "$receiving" || {
    say "$1 does not listen: $(cat "$work/receiver.err")"
    return 1
  }
  : >"$work/path"
  # Without a shell around it, which would be killed in its stead.
  (exec "$JAVA_HOME/bin/java" -cp "$lib/*" io.hostpipe.bench.LongPath "$port" "$2" "$path_mbit" "$size") \
    >"$work/path" &
  path=$!
  until port=$(sed -n 's/^listening on //p' "$work/path") && [ -n "$port" ]; do
    kill -0 "$path" 2>/dev/null || return 1
    sleep 0.05
  done
  cat "$memory" | (send "$1") >/dev/null 2>"$work/sender.err" || {
    say "$1 failed: $(cat "$work/sender.err")"
    kill "$path"
    return 1
  }
  wait "$receiving"
  [ "$1" != ssh ] || logout
  kill "$path"
  path=
  read -r filled from_start <<FIGURES
$(tail -n 1 "$work/path")
FIGURES
}

round=0
while [ $((round += 1)) -le "$rounds" ]; do
  for millis in $path_millis; do
    # shellcheck disable=SC2086 # a list of words
    for link in $(in_turn "$round" $links); do
      through_path "$link" "$millis" || exit 1
      figure path "filled at $millis ms" "$link" "$round" "$filled" share
      figure path "from the start at $millis ms" "$link" "$round" "$from_start" share
    done
  done
done
rm -f -- "$memory"
memory=
peers=$peers_of_all
