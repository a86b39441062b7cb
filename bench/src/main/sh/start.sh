# From the start of a command to its end. Sourced by bench/run.

"$root/hostpipe" --version >/dev/null || exit 1

millis_of() {
  begun=$(now_nanos)
  "$@" >/dev/null || return 1
  nanos=$(($(now_nanos) - begun))
  millis=$(divide "$nanos" 1000000)
}

# A line to a receiver that listens already, until the sender has its confirmation and is gone.
small_pipe() {
  next_port
  "$root/hostpipe" -q "tcp-listen://127.0.0.1:$port/hi" - </dev/null >"$work/hi" &
  receiving=$!
  await_listening "$port" "$receiving" || return 1
  begun=$(now_nanos)
  echo hi | "$root/hostpipe" -q - "tcp://127.0.0.1:$port/hi" || return 1
  nanos=$(($(now_nanos) - begun))
  millis=$(divide "$nanos" 1000000)
  wait "$receiving" && [ "$(cat "$work/hi")" = hi ]
}

round=0
while [ $((round += 1)) -le "$starts" ]; do
  for what in $(in_turn "$round" version help pipe); do
    case $what in
      version | help) millis_of "$root/hostpipe" "--$what" ;;
      pipe) small_pipe ;;
    esac || {
      say "'$what' failed"
      exit 1
    }
    figure start "$what" hostpipe "$round" "$millis" ms
  done
done
