#!/bin/sh
# Tests ./hostpipe in a clone: when it builds, what it says, what it leaves alone.
. "$(dirname -- "$0")/checks.sh"

# The sources as they stand here, in a folder whose name a careless script would break apart.
clone="$work/a clone"
mkdir -- "$clone"
tar -C "$root" --exclude .git --exclude target --exclude .build -cf - . | tar -C "$clone" -xf -
launcher=$clone/hostpipe
version="hostpipe $(sed -n 's|.*<version>\(.*\)</version>.*|\1|p' "$root/pom.xml" | head -n 1)"

run() {
  "$launcher" "$@" >"$work/out" 2>"$work/err" </dev/null
}

first_runs_together() {
  "$launcher" --version >"$work/out1" 2>"$work/err1" &
  first=$!
  "$launcher" --version >"$work/out2" 2>"$work/err2" &
  wait $! && wait $first && equal "$version" "$(cat "$work/out1")" &&
    equal "$version" "$(cat "$work/out2")" &&
    equal 1 "$(cat "$work/err1" "$work/err2" | grep -c 'building once')" &&
    equal 1 "$(cat "$work/err1" "$work/err2" | grep -c 'waiting for')"
}

second_run_is_silent() {
  run --version && equal "$version" "$(cat "$work/out")" && equal "" "$(cat "$work/err")"
}

through_a_link() {
  mkdir -p "$work/some where" && ln -s "../a clone/hostpipe" "$work/some where/hp" &&
    (cd / && equal "$version" "$("$work/some where/hp" --version)") &&
    (cd "$work/some where" && equal "$version" "$(PATH=$PATH:. hp --version)") &&
    (cd "$clone" && equal "$version" "$(sh hostpipe --version)")
}

same_content_is_not_built_again() {
  touch -- "$clone/pom.xml" && run --version && equal "" "$(cat "$work/err")"
}

failed_build_harms_nothing() {
  before=$(ls -d "$clone"/.build/[a-z]*-* "$clone/.build/current"*)
  echo 'final class Broken {' >"$clone/cli/src/main/java/io/hostpipe/cli/Broken.java"
  run --version && return 1
  equal "" "$(cat "$work/out")" && says 'Broken.java' "$work/err" &&
    says 'the previous build stands unharmed' "$work/err" &&
    equal "$before" "$(ls -d "$clone"/.build/[a-z]*-* "$clone/.build/current"*)" &&
    equal "$version" "$("$clone"/.build/app-*/bin/hostpipe --version)"
}

deleted_file_is_noticed() {
  rm -- "$clone/cli/src/main/java/io/hostpipe/cli/Broken.java"
  run --version && equal "$version" "$(cat "$work/out")" && equal "" "$(cat "$work/err")"
}

change_is_built_offline() {
  sed -i 's|^version=.*|&-changed|' \
    "$clone/cli/src/main/resources/io/hostpipe/cli/version.properties"
  "$@" "$launcher" --version >"$work/out" 2>"$work/err" </dev/null || {
    cat "$work/err" "$clone/.build/build.log"
    return 1
  }
  equal "$version-changed" "$(cat "$work/out")" && says 'building once' "$work/err"
}

free_port() {
  port=20000
  while grep -qi ":$(printf %04X "$port") " /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
    port=$((port + 1))
  done
  echo "$port"
}

# Waits at most two minutes.
until_true() {
  tries=1200
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}

exit_code_is_javas() {
  run ./nothing-here "$work/none"
  [ $? -ge 2 ] && equal "" "$(cat "$work/out")" && [ -s "$work/err" ] &&
    { run --no-such-flag; equal 2 $?; }
}

is_java() {
  case $(readlink "/proc/$1/exe") in
    */runtime/bin/java) ;;
    *) return 1 ;;
  esac
}

signal_hits_java() {
  mkfifo "$work/fifo"
  "$launcher" - "$work/received" <"$work/fifo" >"$work/out" 2>"$work/err" &
  pipe=$!
  exec 8>"$work/fifo"
  until_true is_java "$pipe" && equal "" "$(ps -o pid= --ppid "$pipe")" && kill -9 "$pipe"
  killed=$?
  wait "$pipe"
  code=$?
  exec 8>&-
  equal 0 "$killed" && equal 137 "$code"
}

# Java opens files of its own as soon as it starts: none of them may become stdin or stdout.
closed_streams_are_no_data() {
  "$launcher" - "$work/from nothing" <&- >"$work/out" 2>"$work/err" && return 1
  [ ! -e "$work/from nothing" ] || return 1
  "$launcher" "$launcher" - >&- 2>"$work/err" && return 1
  says 'standard output' "$work/err" &&
    "$launcher" "$launcher" "$work/copy" <&- >&- 2>&- && cmp "$launcher" "$work/copy"
}

names_need_no_locale() {
  echo content >"$work/grün 日本"
  for locale in '' C POSIX xx_XX.UTF-8; do
    LC_ALL=$locale LC_CTYPE='' LANG='' "$launcher" "$work/grün 日本" - -q >"$work/out" &&
      equal content "$(cat "$work/out")" || return 1
  done
}

resident_kilobytes() {
  sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null
}

# 1 GiB through a link of this host, both processes watched while they run.
stays_small() {
  limit=$1
  port=$(free_port)
  "$launcher" "tcp-listen://127.0.0.1:$port/x" - -q >"$work/all" 2>"$work/err" &
  receiver=$!
  head -c 1073741824 /dev/zero | "$launcher" - "tcp://127.0.0.1:$port/x" -q 2>"$work/err2" &
  sender=$!
  most=0
  while kill -0 "$sender" 2>/dev/null; do
    for process in "$sender" "$receiver"; do
      resident=$(resident_kilobytes "$process")
      [ "${resident:-0}" -le "$most" ] || most=$resident
    done
    sleep 0.05
  done
  wait "$sender" && wait "$receiver" && equal 1073741824 "$(wc -c <"$work/all")" || {
    cat "$work/err" "$work/err2"
    return 1
  }
  rm -- "$work/all"
  echo "$most kB resident at most; the limit is $limit kB"
  [ "$most" -gt 10000 ] && [ "$most" -lt "$limit" ]
}

# A pipe over TLS: Java looks for algorithms that it does not know in whatever lies on the class path.
takes_cryptography_from_java() {
  port=$(free_port)
  XDG_CONFIG_HOME=$work/config
  export XDG_CONFIG_HOME
  pin=$("$launcher" key 2>/dev/null) || return 1
  "$launcher" "tls-listen://127.0.0.1:$port/x" - -q >"$work/all" 2>"$work/err" &
  receiver=$!
  echo hi | HOSTPIPE_JAVA_OPTIONS=-Xlog:class+load=info:file=$work/classes \
    "$launcher" - "tls://127.0.0.1:$port/x" "peer=$pin" -q --give-up 60s 2>"$work/err2" &&
    wait "$receiver" && equal hi "$(cat "$work/all")" && says GaloisCounterMode "$work/classes" &&
    equal "" "$(grep -i bouncycastle "$work/classes")" && equal "" "$(cat "$work/err" "$work/err2")"
}

# A PATH with what every system has, and nothing of Java.
mkdir -- "$work/tools"
for tool in sh find sed readlink mkdir flock rm cut sort sha256sum dirname; do
  ln -s -- "$(command -v "$tool")" "$work/tools/$tool"
done

java_missing() {
  touch -- "$clone/pom.xml"
  echo >>"$clone/pom.xml"
  unshare -m sh -c 'for dir in /usr/lib/jvm /opt; do
      [ ! -d $dir ] || mount -t tmpfs none $dir || exit
    done
    exec env -i PATH="$1" "$2" --version' sh "$work/tools" "$launcher" >"$work/out" 2>"$work/err"
  equal 1 $? && equal "" "$(cat "$work/out")" && says 'openjdk-25-jdk' "$work/err"
}

may_not_build() {
  chmod 755 "$work" && mv -- "$clone/.build" "$work/build.away"
  setpriv --reuid 65534 --clear-groups "$launcher" --version >"$work/out" 2>"$work/err"
  code=$?
  mv -- "$work/build.away" "$clone/.build"
  equal 1 "$code" && equal "" "$(cat "$work/out")" && equal 1 "$(wc -l <"$work/err")" &&
    says "as the clone's owner" "$work/err"
}

maven_missing() {
  env -i PATH="$work/tools" JAVA_HOME="$JAVA_HOME" "$launcher" --version \
    >"$work/out" 2>"$work/err"
  equal 1 $? && equal "" "$(cat "$work/out")" && says '(Debian: maven)' "$work/err"
}

own_input_is_not_overwritten() {
  seq 1000 >"$work/own"
  "$launcher" -q - "$work/own" overwrite <"$work/own" 2>"$work/err"
  equal 4 $? && equal 1000 "$(wc -l <"$work/own")" && says 'the standard input of this very process' "$work/err" || return 1
  "$launcher" -q "$work/own" - >>"$work/own" 2>"$work/err"
  equal 4 $? && equal 1000 "$(wc -l <"$work/own")" && says 'the standard output of this very process' "$work/err"
}

# Two of the longest messages pass; a line that is longer than allowed ends with its position.
longest_messages_fit() {
  for each in 1 2; do
    printf '\001\000\000\000' && head -c 16777216 /dev/zero
  done >"$work/longest"
  "$launcher" -q "$work/longest" "$work/longest.out" --frame u32 2>"$work/err"
  equal 0 $? && cmp "$work/longest" "$work/longest.out" || return 1
  "$launcher" -q "$work/longest" "$work/line.out" --frame lines 2>"$work/err"
  equal 6 $? && says 'delivered: 0..0' "$work/err"
}

. "$root/scripts/find-java.sh"
find_jdk || exit 1

check "two first runs at once build once" first_runs_together
check "a second run builds nothing and says nothing" second_run_is_silent
check "--version takes less than 150 ms" faster_than 150 "$launcher" --version
check "it runs through a link and from elsewhere" through_a_link
check "exit codes are java's, and errors are not on stdout" exit_code_is_javas
check "a signal to the launcher's process hits java" signal_hits_java
check "closed stdin, stdout and stderr are never taken for data" closed_streams_are_no_data
check "file names outside of ASCII need no locale" names_need_no_locale
check "a pipe that moves 1 GiB stays below 128 MiB resident on both sides" stays_small 131072
check "TLS takes its cryptography from Java, and says nothing of compilers" takes_cryptography_from_java
check "a file that is the standard input or output is left alone" own_input_is_not_overwritten
check "the longest messages fit, and longer ones end with a position" longest_messages_fit
check "a touched file with the same content is not built again" same_content_is_not_built_again
check "a failed build leaves the previous one" failed_build_harms_nothing
check "a deleted file is noticed, and a state built before is used again" deleted_file_is_noticed
if unshare -mn true 2>/dev/null; then
  check "a change is built without a network" change_is_built_offline unshare -n
  check "without a JDK it names the package to install" java_missing
else
  check "a change is built" change_is_built_offline
  skip "building without a network, and without a JDK: only root may hide those"
  echo >>"$clone/pom.xml"
fi
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  check "who may not build is told who may" may_not_build
else
  skip "building where this user may not write: only root can become another"
fi
check "without Maven it names the package to install" maven_missing
