#!/bin/sh
# Starts hostpipe from the folder that this file's bin/ lies in, with the runtime beside it.
# Ends in exec, so that signals and exit codes are java's own.

self=$0
[ -h "$self" ] && self=$(readlink -f -- "$self")
case $self in
  */bin/*) home=${self%/bin/*} ;;
  */*) home=${self%/*}/.. ;;
  *) home=.. ;;
esac

# The first compiler only. It is ready at once, which is all that short commands need; and a pipe of
# bytes runs little Java for each block: the second compiler would cost it a second of processor time
# and give nothing back within gigabytes (docs/DECISIONS.md). A pipe of messages runs loops for each
# of them, which the second one makes two to three times as fast; and it may have to hold some of the
# longest messages, of 16 MiB each, several times over. Memory is only taken when they come.
# TLS lives on the processor's own instructions for AES, which the second compiler alone knows: without
# them it is fifty times as slow. What masks the bytes of WebSocket it makes three times as fast. So these get
# it for the methods that lib/second-compiler names, and for them alone: all others would keep it busy for two
# seconds. An address in a variable or in a file may be one of TLS.
compiler=-XX:TieredStopAtLevel=1 methods=-XX:+TieredCompilation heap=@HEAP@ direct=@DIRECT@ cache=hostpipe
case " $* " in
  *' --spool '* | *' --spool='*) direct=192m ;; # what waits for a sync, and for a reader
esac
case " $* " in
  *' --frame '* | *' --frame-out '* | *' --frame='* | *' --frame-out='*) compiler=-XX:+TieredCompilation heap=512m direct=512m ;;
  *' tls://'* | *' tls-listen://'* | *' wss://'* | *' wss-listen://'* | *' grpcs://'* | *' grpcs-listen://'* | \
    *' over=tls '* | *' over=wss '* | *' over=grpcs '* | *' env:'* | *' @'*)
    compiler=-XX:+TieredCompilation methods=-XX:CompileCommandFile=$home/lib/second-compiler heap=64m
    ;;
  *' ws://'* | *' ws-listen://'* | *' over=ws '*)
    compiler=-XX:+TieredCompilation methods=-XX:CompileCommandFile=$home/lib/second-compiler
    ;;
esac
# What starts gRPC fast would cost all others seventy milliseconds.
case " $* " in
  *' grpc'*'://'* | *' over=grpc'*) cache=grpc ;;
esac

# A descriptor that the caller closed would go to the first file that java opens for itself, and that
# file's bytes would be taken for data. /dev/null, open the wrong way round, gives an error instead.
{ true 9<&0; } 2>/dev/null || exec 0>/dev/null
{ true 9>&1; } 2>/dev/null || exec 1</dev/null
true 9>&2 || exec 2>/dev/null

# Java takes words and file names for what the locale's charset makes of them: without a locale
# (cron, ssh, containers), or with one that is not installed, everything but ASCII would be lost.
case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
  '' | C | POSIX | *[uU][tT][fF]8* | *[uU][tT][fF]-8*)
    LC_ALL=C.UTF-8
    export LC_ALL
    ;;
esac

# What the JVM itself wants to say must never reach stdout, where the data is: hence
# DisplayVMOutputToStderr and the Xlog lines. A cache that does not fit (another CPU, a touched
# jar) is passed over without a word: it costs a tenth of a second, nothing else.
# shellcheck disable=SC2086 # a list of words, or nothing
exec "$home/runtime/bin/java" \
  -XX:+UseSerialGC "$compiler" "$methods" -Xms8m -Xmx"$heap" -XX:MaxDirectMemorySize="$direct" \
  '-XX:OnOutOfMemoryError=kill -9 %p' -XX:-UsePerfData -XX:+DisplayVMOutputToStderr \
  -Xlog:disable -Xlog:all=error:stderr -Xlog:aot=off:stderr -XX:AOTCache="$home/lib/$cache.aot" \
  --enable-native-access=ALL-UNNAMED ${HOSTPIPE_JAVA_OPTIONS-} \
  -cp "@CLASSPATH@" io.hostpipe.cli.Main "$@"
