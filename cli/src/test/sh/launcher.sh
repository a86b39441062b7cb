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
  "$@" "$launcher" --version >"$work/out" 2>"$work/err" </dev/null &&
    equal "$version-changed" "$(cat "$work/out")" && says 'building once' "$work/err"
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

maven_missing() {
  env -i PATH="$work/tools" JAVA_HOME="$JAVA_HOME" "$launcher" --version \
    >"$work/out" 2>"$work/err"
  equal 1 $? && equal "" "$(cat "$work/out")" && says '(Debian: maven)' "$work/err"
}

. "$root/scripts/find-java.sh"
find_jdk || exit 1

check "two first runs at once build once" first_runs_together
check "a second run builds nothing and says nothing" second_run_is_silent
check "--version takes less than 150 ms" faster_than 150 "$launcher" --version
check "it runs through a link and from elsewhere" through_a_link
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
check "without Maven it names the package to install" maven_missing
