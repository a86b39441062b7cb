# Moves bytes from stdin over tcp to stdout: the parts bytes, with the session, raw, without a
# protocol of ours, and tls, with the session over TLS. Sourced by bench/run.
#
# The feeder is cat of a file in memory, the drain is cat to /dev/null, for everybody: what is timed
# goes from the start of the sender (its receiver listens already) to the end of all processes. In a
# round of its own, not timed, the drain is cksum, and what comes out must be what went in. iperf3
# has no ends and feeds itself: it is the mark that the network alone can reach.

peers_of_all=$peers
[ "$part" != tls ] || peers='ncat socat openssl'
check_peers
case $part in
  tls) contenders="tls $(echo " $peers" | sed 's/ \([a-z]*cat\)/ \1+ssl/g')" ;;
  raw) contenders="raw $(echo " $peers " | sed 's/ iperf3 / /')" ;;
  *) contenders="hostpipe $peers" ;;
esac
"$root/hostpipe" --version >/dev/null || exit 1

# Peers of TLS: none looks at a certificate, which is the least work for them, and openssl is given the
# cipher that Hostpipe prefers. A stdin that never ends keeps s_server from looking at it all the time.
if [ "$part" = tls ]; then
  XDG_CONFIG_HOME=$work/config
  export XDG_CONFIG_HOME
  pin=$("$root/hostpipe" key 2>/dev/null) || exit 1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null || exit 1
  mkfifo "$work/never" && exec 8<>"$work/never" || exit 1
fi

memory=$(mktemp /dev/shm/hostpipe-bench.XXXXXX) || exit 1
# Without Q, R, K and k: where s_client ends at the end of its stdin, it takes these for commands.
head -c "$((size * 1048576))" /dev/urandom | LC_ALL=C tr QRKk qrll >"$memory"

# Seconds of the processor (user, system) and KiB at most resident, of the one command behind it.
measured() {
  measured_out=$1
  shift
  exec /usr/bin/time -q -f '%U %S %M' -o "$measured_out" "$@"
}

receive() {
  case $1 in
    hostpipe) measured "$work/receiver" "$root/hostpipe" -q "tcp-listen://127.0.0.1:$port/bench" - ;;
    tls) measured "$work/receiver" "$root/hostpipe" -q "tls-listen://127.0.0.1:$port/bench" - ;;
    ncat+ssl)
      measured "$work/receiver" ncat --ssl --ssl-cert "$work/cert.pem" --ssl-key "$work/key.pem" \
        --recv-only -l 127.0.0.1 "$port"
      ;;
    socat+ssl)
      measured "$work/receiver" socat -u -b1048576 \
        "OPENSSL-LISTEN:$port,bind=127.0.0.1,cert=$work/cert.pem,key=$work/key.pem,verify=0" -
      ;;
    openssl)
      measured "$work/receiver" openssl s_server -quiet -naccept 1 -accept "127.0.0.1:$port" \
        -cert "$work/cert.pem" -key "$work/key.pem" -ciphersuites TLS_AES_128_GCM_SHA256 <"$work/never"
      ;;
    raw) measured "$work/receiver" "$root/hostpipe" -q "raw+tcp-listen://127.0.0.1:$port" - ;;
    nc) measured "$work/receiver" nc -d -l 127.0.0.1 "$port" ;;
    ncat) measured "$work/receiver" ncat --recv-only -l 127.0.0.1 "$port" ;;
    socat) measured "$work/receiver" socat -u -b1048576 "TCP-LISTEN:$port,bind=127.0.0.1" - ;;
    mbuffer) measured "$work/receiver" mbuffer -q -s 1M -m 64M -I "127.0.0.1:$port" ;;
    iperf3) measured "$work/receiver" iperf3 -s -1 -B 127.0.0.1 -p "$port" ;;
  esac
}

send() {
  case $1 in
    hostpipe) measured "$work/sender" "$root/hostpipe" -q - "tcp://127.0.0.1:$port/bench" ;;
    tls) measured "$work/sender" "$root/hostpipe" -q - "tls://127.0.0.1:$port/bench" "peer=$pin" ;;
    ncat+ssl) measured "$work/sender" ncat --ssl --send-only 127.0.0.1 "$port" ;;
    socat+ssl) measured "$work/sender" socat -u -b1048576 - "OPENSSL:127.0.0.1:$port,verify=0" ;;
    openssl)
      measured "$work/sender" openssl s_client -quiet -no_ign_eof -connect "127.0.0.1:$port" \
        -ciphersuites TLS_AES_128_GCM_SHA256
      ;;
    raw) measured "$work/sender" "$root/hostpipe" -q - "raw+tcp://127.0.0.1:$port" ;;
    nc) measured "$work/sender" nc -N 127.0.0.1 "$port" ;;
    ncat) measured "$work/sender" ncat --send-only 127.0.0.1 "$port" ;;
    socat) measured "$work/sender" socat -u -b1048576 - "TCP:127.0.0.1:$port" ;;
    mbuffer) measured "$work/sender" mbuffer -q -s 1M -m 64M -O "127.0.0.1:$port" ;;
    iperf3) measured "$work/sender" iperf3 -c 127.0.0.1 -p "$port" -n "${size}M" -J ;;
  esac
}

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
  nanos=$(($(now_nanos) - begun))
  [ "$sent" -eq 0 ] || {
    say "$contender ended with $sent: $(cat "$work/sender.err")"
    return 1
  }
}

told() {
  for end in sender receiver; do
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
