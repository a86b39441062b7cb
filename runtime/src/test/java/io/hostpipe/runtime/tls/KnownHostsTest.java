package io.hostpipe.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KnownHostsTest {
  private static final Fingerprint ONE =
      Objects.requireNonNull(
          Fingerprint.parse("sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));

  @TempDir private Path folder;

  @Test
  void whatIsAddedIsFoundAndAFileIsNotNeededBefore() throws IOException {
    KnownHosts hosts = new KnownHosts(folder.resolve("new/known_hosts"));
    assertThat(hosts.find("db2:9000")).isEmpty();
    hosts.add("db2:9000", ONE);
    hosts.add("[::1]:9000", ONE);
    assertThat(hosts.find("DB2:9000")).containsExactly(new KnownHosts.Known(ONE, 1));
    assertThat(hosts.find("[::1]:9000")).containsExactly(new KnownHosts.Known(ONE, 2));
    assertThat(hosts.find("db2:9001")).isEmpty();
  }

  @Test
  void commentsAndSeveralLinesOfAHostAreFine() throws IOException {
    Path file = folder.resolve("known_hosts");
    Files.writeString(file, "# db2:9000 x\n\n  db2:9000\t" + ONE + " old\ndb2:9000 " + ONE + "\n");
    assertThat(new KnownHosts(file).find("db2:9000"))
        .extracting(KnownHosts.Known::line)
        .containsExactly(3, 4);
  }

  @Test
  void aLineThatSaysNoKeyIsNotPassedOver() throws IOException {
    Path file = folder.resolve("known_hosts");
    Files.writeString(file, "db2:9000 sha256:oops\n");
    assertThatThrownBy(() -> new KnownHosts(file).find("db2:9000"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file + ", line 1");
  }
}
