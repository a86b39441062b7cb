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
# and give nothing back within gigabytes (docs/DECISIONS.md).

# What the JVM itself wants to say must never reach stdout, where the data is: hence
# DisplayVMOutputToStderr and the Xlog lines. A cache that does not fit (another CPU, a touched
# jar) is passed over without a word: it costs a tenth of a second, nothing else.
# shellcheck disable=SC2086 # a list of words, or nothing
exec "$home/runtime/bin/java" \
  -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms8m -Xmx@HEAP@ -XX:MaxDirectMemorySize=@DIRECT@ \
  '-XX:OnOutOfMemoryError=kill -9 %p' -XX:-UsePerfData -XX:+DisplayVMOutputToStderr \
  -Xlog:disable -Xlog:all=error:stderr -Xlog:aot=off:stderr -XX:AOTCache="$home/lib/hostpipe.aot" \
  --enable-native-access=ALL-UNNAMED ${HOSTPIPE_JAVA_OPTIONS-} \
  -cp "@CLASSPATH@" io.hostpipe.cli.Main "$@"
