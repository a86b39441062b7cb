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

# A command that only prints something gets the compiler that is ready at once; a pipe gets both,
# because the second one is what makes it fast.
compiler=
case ${1-} in
  '' | --version | --help | -h | help | version | addresses | completion | check | key | session | spool | dlq)
    compiler=-XX:TieredStopAtLevel=1
    ;;
esac
for word; do
  case $word in
    --) break ;;
    --help) compiler=-XX:TieredStopAtLevel=1 ;;
  esac
done

# What the JVM itself wants to say must never reach stdout, where the data is: hence
# DisplayVMOutputToStderr and the Xlog lines. A cache that does not fit (another CPU, a touched
# jar) is passed over without a word: it costs a tenth of a second, nothing else.
# shellcheck disable=SC2086 # both variables are lists of words, or nothing
exec "$home/runtime/bin/java" \
  -XX:+UseSerialGC $compiler -Xms8m -Xmx@HEAP@ -XX:MaxDirectMemorySize=@DIRECT@ \
  '-XX:OnOutOfMemoryError=kill -9 %p' -XX:-UsePerfData -XX:+DisplayVMOutputToStderr \
  -Xlog:disable -Xlog:all=error:stderr -Xlog:aot=off:stderr -XX:AOTCache="$home/lib/hostpipe.aot" \
  --enable-native-access=ALL-UNNAMED ${HOSTPIPE_JAVA_OPTIONS-} \
  -cp "@CLASSPATH@" io.hostpipe.cli.Main "$@"
