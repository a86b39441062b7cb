#!/bin/sh
# Runs every command that a document shows, as it is shown.
#
# A block marked ```sh stands behind a comment that names its scene:
#
#   <!-- run: SCENE -->               it must end with 0
#   <!-- run: SCENE exits 4 -->       it must end with 4
#   <!-- run: SCENE background -->    it goes on while the next blocks of the scene run, and must
#                                     have ended by itself, with 0, soon after the last of them
#   <!-- run: SCENE until-killed -->  the same, but it is ended with SIGTERM behind the last block
#   <!-- run: SCENE on web1 -->       in a folder of that name, as if on that host (with any of these)
#   <!-- file: SCENE/NAME -->         the block (of any kind) is a file that the scene needs
#   <!-- from: PATH -->               the block stands in that file of the tree, which a test runs
#   <!-- shows: SCENE -->             each line of the block (a ```text) is among what the blocks
#                                     of the scene printed, numbers and spaces aside
#
# The blocks of a scene run in their order in one empty folder, with hostpipe on PATH and as
# ./hostpipe, on a network of their own: the names in $hosts are loopback there, so that a document
# can show two hosts. What a scene needs beforehand and must have done in the end is in scenes.sh:
# before_SCENE and after_SCENE (hyphens become underscores), both optional; what the blocks printed
# is in $work/printed by then.
. "$(dirname -- "$0")/checks.sh"
. "$root/cli/src/test/sh/scenes.sh"

hosts='web1 db2'
scene_seconds_max=300

# Where commands run: a network and an /etc/hosts of their own, if the system lets us have them.
isolate() {
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$hosts" >"$work/hosts"
  for how in 'unshare -n -m' 'unshare -r -n -m'; do
    # shellcheck disable=SC2086 # a list of words
    if $how sh -c 'ip link set lo up && mount --bind "$1" /etc/hosts' sh "$work/hosts" 2>/dev/null; then
      isolation=$how
      return
    fi
  done
  # Else the names are replaced in the text, and the ports are those of the host.
  isolation=
}

in_isolation() {
  if [ -n "$isolation" ]; then
    # shellcheck disable=SC2086 # a list of words
    $isolation sh -c 'ip link set lo up && mount --bind "$1" /etc/hosts && shift && exec "$@"' \
      sh "$work/hosts" "$@"
  else
    "$@"
  fi
}

localize() {
  [ -z "$isolation" ] || return 0
  for host in $hosts; do
    sed "s|//$host\([:/]\)|//127.0.0.1\1|g" "$1" >"$1.local" && mv -- "$1.local" "$1"
  done
}

# The documents, by their names below the root.
documents() {
  (cd -- "$root" && for document in *.md docs/*.md docs/*/*.md examples/*/*.md; do
    [ ! -f "$document" ] || echo "$document"
  done)
}

# Numbers, digests, units of time and spaces differ from run to run; all else that a document shows
# has been seen.
comparable() {
  sed -E 's/[0-9a-f]{8,}/N/g; s/[0-9][0-9.,]*/N/g; s/N (ms|s|min)\>/N s/g; s/[[:space:]]+/ /g; s/^ //; s/ $//; /^$/d' "$@"
}

shows_what_was_printed() {
  [ -f "$1/shows" ] || return 0
  comparable "$work/printed" >"$1/printed"
  comparable "$1/shows" | while IFS= read -r line; do
    grep -qxF -- "$line" "$1/printed" && continue
    printf 'the document shows a line that was not printed:\n%s\nprinted was:\n' "$line"
    cat "$work/printed"
    return 1
  done
}

# The function of the scene $2 with the prefix $1, when there is one.
scene_function() {
  wanted=$1_$(echo "$2" | tr - _)
  if command -v "$wanted" >/dev/null; then
    "$wanted"
  fi
}

run_scene() {
  scene=$(basename -- "$1")
  folder="$work/scene"
  rm -rf -- "$folder"
  mkdir -- "$folder"
  for host in . $hosts; do
    mkdir -p -- "$folder/$host" && ln -s -- "$root/hostpipe" "$folder/$host/hostpipe"
  done
  cp -- "$1"/files/* "$folder/" 2>/dev/null
  for block in "$1"/*.sh; do
    localize "$block"
  done
  (cd -- "$folder" && scene_function before "$scene") &&
    (cd -- "$folder" && in_isolation sh "$root/cli/src/test/sh/scene.sh" "$1" $scene_seconds_max) &&
    cat -- "$1"/*.log >"$work/printed" &&
    (cd -- "$folder" && scene_function after "$scene") &&
    shows_what_was_printed "$1"
}

# Links to other documents and files of this tree.
links_lead_somewhere() {
  grep -oE '\]\([^)#]+' "$root/$1" | sed 's/^](//; s/ ".*//' | grep -vE '^https?:' | sort -u >"$work/links"
  while read -r link; do
    [ -e "$root/$(dirname -- "$1")/$link" ] && continue
    echo "there is no $link"
    return 1
  done <"$work/links"
}

# What one scene is: equal ones in two documents (two languages) run once.
content() {
  (cd -- "$1" && cat -- *.sh *.how && { cat -- files/* shows 2>/dev/null || true; }) | sha256sum
}

run_document() {
  taken="$work/taken/$(echo "$1" | tr / _)"
  mkdir -p -- "$taken"
  check "every block of commands in $1 can be run" no_complaint "$1" "$taken"
  check "every link in $1 leads somewhere" links_lead_somewhere "$1"
  for each in "$taken"/*/; do
    each=${each%/}
    [ -e "$each/01.sh" ] || continue
    scene=$(basename -- "$each")
    if [ "$scene" = everything ]; then
      check "$1 says how this very test is run" equal ./test "$(cat "$each"/*.sh)"
      continue
    fi
    same=$(content "$each" | cut -c 1-32)
    if [ ! -e "$work/known/$same" ]; then
      before=$failed
      check "$1 shows commands that work: $scene" run_scene "$each"
      [ "$failed" -gt "$before" ] || : >"$work/known/$same"
    fi
  done
}

complaints() {
  awk -v document="$1" -v out="$2" -f "$root/cli/src/test/sh/documents.awk" "$1"
}

no_complaint() {
  (cd -- "$root" && complaints "$@") >"$work/complaints" && cat "$work/complaints" &&
    [ ! -s "$work/complaints" ]
}

# What the test itself must notice: each line is a document that breaks a rule, "\n" for line ends.
refuses_offenders() {
  while IFS= read -r offender; do
    printf '%b' "$offender" >"$work/offender.md"
    rm -rf -- "$work/taken/offender" && mkdir -p -- "$work/taken/offender"
    [ -n "$(complaints "$work/offender.md" "$work/taken/offender")" ] && continue
    printf 'nothing was said of this document:\n%s\n' "$offender"
    return 1
  done <<'OFFENDERS'
```sh\nhostpipe demo\n```\n
<!-- run: one -->\nbetween\n```sh\nhostpipe demo\n```\n
```bash\nhostpipe demo\n```\n
<!-- run: one sometimes -->\n```sh\nhostpipe demo\n```\n
<!-- run: One/two -->\n```sh\nhostpipe demo\n```\n
<!-- run: one -->\n```text\nhostpipe demo\n```\n
<!-- run: one -->\n```sh\nhostpipe demo\n
<!-- run: one -->\n
```java\nvoid main() {}\n```\n
<!-- from: examples/Orders.java -->\n```java\nvoid main() {}\n```\n
<!-- from: examples/None.java -->\n```java\nvoid main() throws Exception {\n```\n
<!-- shows: one -->\n```text\nhello\n```\n
OFFENDERS
}

# Scenes that must fail: a wrong exit code, output that was not printed, a listener that ended.
fails_offenders() {
  while IFS= read -r offender; do
    rm -rf -- "$work/taken/offender" && mkdir -p -- "$work/taken/offender"
    printf '%b' "$offender" >"$work/offender.md"
    no_complaint "$work/offender.md" "$work/taken/offender" || return 1
    run_scene "$work/taken/offender/one" >/dev/null || continue
    printf 'this passed and should not:\n%s\n' "$offender"
    return 1
  done <<'OFFENDERS'
<!-- run: one -->\n```sh\nfalse\ntrue\n```\n
<!-- run: one exits 4 -->\n```sh\ntrue\n```\n
<!-- run: one background -->\n```sh\nexit 3\n```\n
<!-- run: one -->\n```sh\necho 12 cuts\n```\n<!-- shows: one -->\n```text\n13 cats\n```\n
OFFENDERS
}

mkdir -- "$work/bin" "$work/known"
ln -s -- "$root/hostpipe" "$work/bin/hostpipe"
PATH=$work/bin:$PATH
# Builds it, if no other test has done so.
hostpipe --version >/dev/null || exit 1
HOSTPIPE_HOME=$root/.build/$(cat "$root/.build/current")
export PATH HOSTPIPE_HOME
isolate
. "$root/scripts/find-java.sh"
find_jdk && PATH=$JAVA_HOME/bin:$PATH
check "a block that would not be run is an error" refuses_offenders
check "a scene that does not do what is shown is an error" fails_offenders
for document in $(documents); do
  run_document "$document"
done
