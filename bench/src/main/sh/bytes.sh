# Moves bytes from stdin over tcp to stdout: the parts bytes, with the session, raw, without a
# protocol of ours, and tls, ws, grpc and ssh, with the session over these. Sourced by bench/run.
#
# The feeder is cat of a file in memory, the drain is cat to /dev/null, for everybody: what is timed
# goes from the start of the sender (its receiver listens already) to the end of all processes. In a
# round of its own, not timed, the drain is cksum, and what comes out must be what went in. iperf3
# has no ends and feeds itself: it is the mark that the network alone can reach.

peers_of_all=$peers
case $part in
  tls) peers='ncat socat openssl' ;;
  ws | grpc) peers= ;;
  ssh) peers='ssh sshd' ;;
esac
check_peers
case $part in
  tls) contenders="tls $(echo " $peers" | sed 's/ \([a-z]*cat\)/ \1+ssl/g')" ;;
  ws) contenders='ws hostpipe' ;;
  grpc) contenders='grpc bare' ;;
  ssh) contenders=$(case " $peers " in *' ssh sshd '*) echo 'ssh ssh+cat' ;; esac) ;;
  raw) contenders="raw $(echo " $peers " | sed 's/ iperf3 / /')" ;;
  *) contenders="hostpipe $peers" ;;
esac
"$root/hostpipe" --version >/dev/null || exit 1

. "$here/src/main/sh/ends.sh"

# One transfer by $1 into the drain $2...: sets $nanos. What went wrong is told, and 1 returned.
transfer() {
  contender=$1
  shift
  next_port
  rm -f -- "$work/receiver" "$work/sender"
  { (receive "$contender") </dev/null 2>"$work/receiver.err" | "$@" >"$work/drained"; } &
  receiving=$!
  await_listening "$port" "$receiving" || {
    say "$contender does not listen: $(cat "$work/receiver.err")"
    return 1
  }
  begun=$(now_nanos)
  if [ "$contender" = iperf3 ]; then
    (send iperf3) >"$work/sender.out" 2>"$work/sender.err"
  else
    cat "$memory" | (send "$contender") >"$work/sender.out" 2>"$work/sender.err"
  fi
  sent=$?
  wait "$receiving"
  [ "$part" != ssh ] || logout
  nanos=$(($(now_nanos) - begun))
  [ "$sent" -eq 0 ] || {
    say "$contender ended with $sent: $(cat "$work/sender.err")"
    return 1
  }
}

told() {
  # The receiver of ssh is no child of this shell.
  for end in sender $([ "$part" = ssh ] || echo receiver); do
    # The last line: a first one may say that the exit code was not 0.
    tail -n 1 "$work/$end" >"$work/used"
    read -r user system resident <"$work/used"
    figure "$part" "$end cpu" "$1" "$2" \
      "$(awk -v u="$user" -v s="$system" -v m="$size" 'BEGIN { printf "%.4g", (u + s) * 1024 / m }')" s/GiB
    figure "$part" "$end resident" "$1" "$2" "$(divide "$resident" 1024)" MiB
  done
  rate=$(awk -v n="$nanos" -v m="$size" 'BEGIN { printf "%.4g", m / 1024 * 1e9 / n }')
  if [ "$1" = iperf3 ]; then
    # Its own figure: it spends time on greetings and reports, which are no part of the network.
    rate=$(awk '/"sum_received"/ { here = 1 }
      here && /"bits_per_second"/ { gsub(/[^0-9.e+]/, "", $2); printf "%.4g", $2 / 8 / 1073741824; exit }' \
      "$work/sender.out")
  fi
  figure "$part" rate "$1" "$2" "$rate" GiB/s
}

expected=$(cksum <"$memory")
whole=
for contender in $contenders; do
  [ "$contender" = iperf3 ] && whole="$whole iperf3" && continue
  transfer "$contender" cksum || exit 1
  [ "$(cat "$work/drained")" = "$expected" ] || {
    say "$contender delivered something else than what was sent"
    case $contender in
      # ncat --ssl (7.93) ends the connection before its last bytes have left.
      ncat+ssl) say "$contender is left out: there is no rate of what is lost" && continue ;;
    esac
    exit 1
  }
  whole="$whole $contender"
  figure "$part" verified "$contender" 0 1 bool
done
contenders=$whole
round=0
while [ $((round += 1)) -le "$rounds" ]; do
  # shellcheck disable=SC2086 # a list of words
  for contender in $(in_turn "$round" $contenders); do
    transfer "$contender" sh -c 'exec cat >/dev/null' || exit 1
    told "$contender" "$round"
  done
done
rm -f -- "$memory"
memory=
peers=$peers_of_all
