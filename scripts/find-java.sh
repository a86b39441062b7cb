# Finds a JDK 25 or newer. Sourced by the launcher and by ./test.
#
# find_jdk sets and exports JAVA_HOME, or says on stderr what to install and returns 1.
# Looks at JAVA_HOME, then at the java on PATH, then where packages and SDKMAN put JDKs. Only the
# file "release" of a JDK is read: starting each java to ask its version would cost seconds.

jdk_leastVersion=25

# Whether the folder $1 holds a JDK (not only a runtime) that is new enough.
is_jdk() {
  [ -x "$1/bin/javac" ] && [ -x "$1/bin/jlink" ] && [ -r "$1/release" ] || return 1
  jdk_version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
  [ "${jdk_version:-0}" -ge "$jdk_leastVersion" ]
}

find_jdk() {
  if [ -n "${JAVA_HOME:-}" ] && is_jdk "$JAVA_HOME"; then
    export JAVA_HOME
    return 0
  fi
  jdk_java=$(command -v java 2>/dev/null) && jdk_java=$(readlink -f "$jdk_java")
  if [ -n "$jdk_java" ] && is_jdk "${jdk_java%/bin/java}"; then
    export JAVA_HOME="${jdk_java%/bin/java}"
    return 0
  fi
  for jdk_home in /usr/lib/jvm/* /opt/* "${HOME:-/nonexistent}"/.sdkman/candidates/java/*; do
    if is_jdk "$jdk_home"; then
      export JAVA_HOME="$jdk_home"
      return 0
    fi
  done
  echo "hostpipe: no JDK $jdk_leastVersion or newer was found (looked at JAVA_HOME, java on PATH," \
    "/usr/lib/jvm, /opt and ~/.sdkman). Install one (Debian: openjdk-25-jdk or temurin-25-jdk)," \
    "or set JAVA_HOME to it." >&2
  return 1
}

find_maven() {
  command -v mvn >/dev/null 2>&1 && return 0
  echo "hostpipe: mvn was not found on PATH. Install Maven 3.8 or newer (Debian: maven)." >&2
  return 1
}
