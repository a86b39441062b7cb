#!/bin/sh
# Builds the command into the folder $1: bin/hostpipe, lib/ (jars, AOT cache), runtime/ (jlink).
#
# The folder is complete in itself: it may be moved, and needs no Java on the host. Talks on stderr
# only, and leaves the tools' words in $1.log. Wants JAVA_HOME set and mvn on PATH.
set -eu

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
case $1 in
  /*) app=$1 ;;
  *) app=$PWD/$1 ;;
esac
log=$app.log

# What the classes ask for (jdeps says) and these, which are asked for by name at run time only.
moreModules=jdk.unsupported

# Heap and direct memory of a pipe: its process must stay below 128 MiB resident.
heap=40m
direct=64m

rm -rf -- "$app"
mkdir -p -- "$app/bin" "$app/lib"
exec 3>&2 >"$log" 2>&1 </dev/null

cd -- "$root"
# Maven would leave what deleted sources were compiled to.
rm -rf -- ./*/target/app ./connectors/*/target/app
mvn -B -ntp -Dstyle.color=never -Dquick -Dmaven.test.skip=true -Dhostpipe.target=target/app \
  -Dhostpipe.app.lib="$app/lib" package -pl cli -am
cp -- cli/target/app/hostpipe-cli-*.jar "$app/lib/"

# The command's own jar first; the order is part of what the AOT cache checks.
classPath=
for jar in "$app"/lib/hostpipe-cli-*.jar "$app"/lib/*.jar; do
  case ":$classPath:" in
    *":\$home/lib/${jar##*/}:"*) ;;
    *) classPath=${classPath:+$classPath:}\$home/lib/${jar##*/} ;;
  esac
done

# Its warnings go to stdout too, and a library that is a module itself is listed: hence the filter.
modules=$("$JAVA_HOME/bin/jdeps" --ignore-missing-deps --multi-release 25 --print-module-deps \
  "$app"/lib/*.jar | tr ',' '\n' | grep -E '^(java|jdk)\.[a-z.]+$' | paste -s -d , -)
"$JAVA_HOME/bin/jlink" --add-modules "$modules,$moreModules" --strip-debug --no-header-files \
  --no-man-pages --compress zip-6 --vm server --output "$app/runtime"

# The JDK's list of security providers names some that are not in this image. It looks for those on the class path,
# whenever an algorithm is asked for that the others do not know, and would take Bouncy Castle, which the client of
# NATS brings: a second of processor time, and a second opinion on cryptography that nobody asked for.
providers='SUN SunRsaSign SunEC SunJSSE SunJCE' # of java.base
case $("$app/runtime/bin/java" --list-modules) in
  *java.security.sasl@*) providers="$providers SunSASL" ;;
esac
mv -- "$app/runtime/conf/security/java.security" "$app/java.security"
awk -v "kept= $providers " '/^security\.provider\.[0-9]+=/ {
    name = $0
    sub(/^[^=]*=/, "", name)
    if (index(kept, " " name " ")) print "security.provider." ++count "=" name
    next
  }
  { print }' "$app/java.security" >"$app/runtime/conf/security/java.security"
rm -- "$app/java.security"

sed -e "s|@CLASSPATH@|$classPath|" -e "s|@HEAP@|$heap|" -e "s|@DIRECT@|$direct|" \
  scripts/app-launcher.sh >"$app/bin/hostpipe"
chmod 755 "$app/bin/hostpipe"
cp -- scripts/second-compiler "$app/lib/"

# An AOT cache holds what one process loads and links: see Training for what it runs.
home=$app
eval "classPath=\"$classPath\""
train() {
  cache=$1
  shift
  timeout -k 5 180 "$app/runtime/bin/java" -XX:+UseSerialGC -Xmx$heap -XX:MaxDirectMemorySize=$direct \
    -XX:AOTCacheOutput="$app/lib/$cache.aot" --enable-native-access=ALL-UNNAMED \
    -cp "$classPath" io.hostpipe.cli.Training "$@" ||
    echo "no AOT cache could be made: the command works, and starts a tenth of a second later"
}
train hostpipe
train grpc grpc
"$app/bin/hostpipe" --version
