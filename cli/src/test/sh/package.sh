#!/bin/sh
# Tests the archive that "./hostpipe package" writes, where there is no Java.
. "$(dirname -- "$0")/checks.sh"

version=$(sed -n 's|.*<version>\(.*\)</version>.*|\1|p' "$root/pom.xml" | head -n 1)
name=hostpipe-$version-linux-$(uname -m)
bare="$work/bare root"
mkdir -p -- "$bare/opt/some where" "$work/out" || exit 1

package() {
  (cd -- "$work/out" && "$root/hostpipe" package) && equal "$name.tar.gz" "$(ls "$work/out")" &&
    tar -C "$bare/opt/some where" -xzf "$work/out/$name.tar.gz" &&
    equal "$name" "$(ls "$bare/opt/some where")"
}

# A root with a shell, what the runtime is linked with, and nothing else.
fill_bare_root() {
  mkdir -p -- "$bare/bin" "$bare/dev" "$bare/proc" "$bare/tmp" && chmod 1777 "$bare/tmp" &&
    cp -- "$(readlink -f /bin/sh)" "$bare/bin/sh" || return 1
  find "$bare/opt/some where/$name/runtime" \( -name '*.so' -o -path '*/bin/java' \
    -o -name jspawnhelper \) >"$work/linked"
  echo /bin/sh >>"$work/linked"
  while read -r file; do
    ldd "$file"
  done <"$work/linked" | sed -n 's|.*[[:space:]]\(/[^ ]*\) (0x.*|\1|p' | sort -u |
    while read -r library; do
      case $library in
        "$bare"/*) continue ;;
      esac
      mkdir -p -- "$bare${library%/*}" && cp -L -- "$library" "$bare$library" || exit 1
    done
}

# Runs the command in the bare root as a user that owns nothing there.
in_bare_root() {
  unshare -mn sh -c 'ip link set lo up && mount --rbind /dev "$1/dev" && mount -t proc none "$1/proc" || exit
    chroot=$(command -v chroot) root=$1
    shift
    exec env -i PATH=/bin "$chroot" --userspec=65534:65534 "$root" "$@"' sh "$bare" "$@"
}

# From a file to a file over a link, all in the bare root: threads, sockets, files and summary.
moves_a_file() {
  head -c 5000000 /dev/urandom >"$bare/tmp/sent" && chmod 644 "$bare/tmp/sent" || return 1
  in_bare_root /bin/sh -c '"$0" tcp-listen://127.0.0.1:7070/x /tmp/received -q --give-up 2m &
    "$0" /tmp/sent tcp://127.0.0.1:7070/x --give-up 2m && wait $!' \
    "/opt/some where/$name/bin/hostpipe" && cmp "$bare/tmp/sent" "$bare/tmp/received"
}

in_empty_environment() {
  env -i PATH=/nonexistent "$bare$1" "$2"
}

says_its_version() {
  equal "hostpipe $version" "$("$@" "/opt/some where/$name/bin/hostpipe" --version)"
}

uses_its_cache() {
  HOSTPIPE_JAVA_OPTIONS=-Xlog:class+load=info:stderr \
    "$bare/opt/some where/$name/bin/hostpipe" --version 2>"$work/err" >"$work/out.txt" &&
    says 'io.hostpipe.cli.Main source: shared objects file' "$work/err" &&
    equal "hostpipe $version" "$(cat "$work/out.txt")"
}

# All flags printed stand for whatever the JVM may find worth saying.
keeps_stdout_for_data() {
  HOSTPIPE_JAVA_OPTIONS=-XX:+PrintFlagsFinal "$bare/opt/some where/$name/bin/hostpipe" --version \
    2>"$work/err" >"$work/out.txt" &&
    says 'UseSerialGC' "$work/err" && equal "hostpipe $version" "$(cat "$work/out.txt")"
}

# The cache $1, with the command of the words behind it.
survives_a_lost_cache() {
  cache="$bare/opt/some where/$name/lib/$1.aot"
  shift
  mv -- "$cache" "$work/aot" &&
    "$@" 2>"$work/err" && equal "" "$(cat "$work/err")" &&
    head -c 1000000 "$work/aot" >"$cache" &&
    "$@" 2>"$work/err" && equal "" "$(cat "$work/err")" &&
    mv -- "$work/aot" "$cache"
}

# The launcher takes the cache of gRPC where a word names one of its addresses.
explains_grpc() {
  env -i PATH=/nonexistent "$bare/opt/some where/$name/bin/hostpipe" check grpc-listen://127.0.0.1:0/x \
    >"$work/out.txt" && says 'grpc-listen' "$work/out.txt"
}

holds_licence_and_readme() {
  cmp "$root/LICENSE" "$bare/opt/some where/$name/LICENSE" &&
    cmp "$root/README.md" "$bare/opt/some where/$name/README.md"
}

check "./hostpipe package writes $name.tar.gz" package
check "the archive holds the licence and the README" holds_licence_and_readme
if unshare -mn true 2>/dev/null; then
  check "a root with nothing but libc can be made" fill_bare_root
  check "it runs there" says_its_version in_bare_root
  check "it moves a file over a link there" moves_a_file
else
  skip "a root without Java: only root may make one; run with an empty environment instead"
fi
check "it runs with nothing on PATH" says_its_version in_empty_environment
check "the AOT cache is valid where it was unpacked" uses_its_cache
check "what the JVM itself says stays off stdout" keeps_stdout_for_data
check "--version takes less than 150 ms there" \
  faster_than 150 "$bare/opt/some where/$name/bin/hostpipe" --version
check "a missing or torn AOT cache is passed over in silence" \
  survives_a_lost_cache hostpipe says_its_version in_empty_environment
check "so is that of gRPC" survives_a_lost_cache grpc explains_grpc
