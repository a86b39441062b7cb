# Both ends of one transfer by each contender: what is sent is in the file $memory, and receive CONTENDER and
# send CONTENDER move it by $port. Sourced by the parts that move bytes.

# Peers of TLS: none looks at a certificate, which is the least work for them, and openssl is given the
# cipher that Hostpipe prefers. A stdin that never ends keeps s_server from looking at it all the time.
if [ "$part" = tls ] || [ "$part" = path ]; then
  XDG_CONFIG_HOME=$work/config
  export XDG_CONFIG_HOME
  pin=$("$root/hostpipe" key 2>/dev/null) || exit 1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null || exit 1
  [ -p "$work/never" ] || mkfifo "$work/never" && exec 8<>"$work/never" || exit 1
fi

# An sshd of its own. What comes through a login leaves through a FIFO, so that the drain is everybody's.
if [ "$part" = ssh ] || [ "$part" = path ]; then
  [ ! -w /run ] || mkdir -p /run/sshd
  . "$here/src/main/sh/login.sh"
  [ -p "$work/arrived" ] || mkfifo "$work/arrived" || exit 1
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

# shellcheck disable=SC2086 # few_logs is a list of words
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
    ws) measured "$work/receiver" "$root/hostpipe" -q "ws-listen://127.0.0.1:$port/bench" - ;;
    grpc) measured "$work/receiver" "$root/hostpipe" -q "grpc-listen://127.0.0.1:$port/bench" - ;;
    bare) measured "$work/receiver" "$JAVA_HOME/bin/java" $few_logs -cp "$lib/*" io.hostpipe.bench.BareGrpc receive "$port" ;;
    ssh | ssh+cat)
      login_at "$port"
      exec cat "$work/arrived"
      ;;
    raw) measured "$work/receiver" "$root/hostpipe" -q "raw+tcp-listen://127.0.0.1:$port" - ;;
    nc) measured "$work/receiver" nc -d -l 127.0.0.1 "$port" ;;
    ncat) measured "$work/receiver" ncat --recv-only -l 127.0.0.1 "$port" ;;
    socat) measured "$work/receiver" socat -u -b1048576 "TCP-LISTEN:$port,bind=127.0.0.1" - ;;
    mbuffer) measured "$work/receiver" mbuffer -q -s 1M -m 64M -I "127.0.0.1:$port" ;;
    iperf3) measured "$work/receiver" iperf3 -s -1 -B 127.0.0.1 -p "$port" ;;
  esac
}

# shellcheck disable=SC2086 # few_logs is a list of words
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
    ws) measured "$work/sender" "$root/hostpipe" -q - "ws://127.0.0.1:$port/bench" ;;
    grpc) measured "$work/sender" "$root/hostpipe" -q - "grpc://127.0.0.1:$port/bench" ;;
    bare) measured "$work/sender" "$JAVA_HOME/bin/java" $few_logs -cp "$lib/*" io.hostpipe.bench.BareGrpc send "$port" ;;
    ssh)
      measured "$work/sender" "$root/hostpipe" -q - "ssh://127.0.0.1:$port" "config=$work/ssh_config" \
        "hostpipe=$root/hostpipe" "to=$work/arrived"
      ;;
    ssh+cat) measured "$work/sender" ssh -F "$work/ssh_config" -p "$port" 127.0.0.1 "cat >'$work/arrived'" ;;
    raw) measured "$work/sender" "$root/hostpipe" -q - "raw+tcp://127.0.0.1:$port" ;;
    nc) measured "$work/sender" nc -N 127.0.0.1 "$port" ;;
    ncat) measured "$work/sender" ncat --send-only 127.0.0.1 "$port" ;;
    socat) measured "$work/sender" socat -u -b1048576 - "TCP:127.0.0.1:$port" ;;
    mbuffer) measured "$work/sender" mbuffer -q -s 1M -m 64M -O "127.0.0.1:$port" ;;
    iperf3) measured "$work/sender" iperf3 -c 127.0.0.1 -p "$port" -n "${size}M" -J ;;
  esac
}
