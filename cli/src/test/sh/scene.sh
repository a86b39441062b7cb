#!/bin/sh
# Runs the blocks of one scene of a document: scene.sh FOLDER-OF-BLOCKS SECONDS-MAX, for documents.sh.
#
# Works in the folder that it is started in. What a block prints goes to NN.log beside it.
blocks=$1
seconds_max=$2
begun=

stop_all() {
  for one in $begun; do
    kill -TERM "${one%%:*}" 2>/dev/null
  done
}
trap stop_all EXIT

ended_with() {
  [ "$1" = "$2" ] && return 0
  if [ "$2" = 124 ]; then
    echo "this block had not ended after $seconds_max seconds:"
  else
    echo "this block should have ended with $1 and ended with $2:"
  fi
  cat -- "$3"
  for log in "$blocks"/*.log; do
    echo "---- $log"
    tail -n 30 "$log"
  done
  return 1
}

# Goes to a host's folder; its sessions and its key are kept there, as on a host of its own.
at() {
  cd -- "$1" && export XDG_STATE_HOME="$PWD/.state" XDG_CONFIG_HOME="$PWD/.config"
}

# A plain program does not dial again: who listens has to be there before it comes.
await_listening() {
  grep -q -e '-listen:' -e 'UnaryServer' "$2" || return 0
  tries=2400
  while [ "$tries" -gt 0 ] && kill -0 "$1" 2>/dev/null; do
    grep -q 'listening on' "$3" 2>/dev/null && return 0
    tries=$((tries - 1))
    sleep 0.05
  done
}

for block in "$blocks"/*.sh; do
  read -r way code host <"${block%.sh}.how"
  log=${block%.sh}.log
  if [ "$way" = foreground ]; then
    (at "$host" && exec timeout -k 5 "$seconds_max" sh -e "$block") </dev/null >"$log" 2>&1
    ended_with "$code" $? "$block" || exit 1
  else
    (at "$host" && exec timeout -k 5 "$seconds_max" sh -e "$block") </dev/null >"$log" 2>&1 &
    begun="$begun $!:$way:$code:$block"
    await_listening "$!" "$block" "$log"
  fi
done
for one in $begun; do
  pid=${one%%:*}
  rest=${one#*:}
  way=${rest%%:*}
  rest=${rest#*:}
  if [ "$way" = until-killed ]; then
    # If it has ended by itself, it did not do what the document says.
    kill -TERM "$pid" || ended_with 'SIGTERM' 'something else' "${rest#*:}" || exit 1
    wait "$pid"
  else
    wait "$pid"
    ended_with "${rest%%:*}" $? "${rest#*:}" || exit 1
  fi
done
begun=
