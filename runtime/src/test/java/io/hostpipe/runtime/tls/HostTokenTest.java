package io.hostpipe.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.PipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The token that a listener asks for when it was told nothing of who may come. */
final class HostTokenTest {
  private static final String SECRET = "0123456789abcdef0123456789abcdef";

  @TempDir private Path folder;

  @Test
  void isMadeOnceForItsUserAloneAndKept() throws Exception {
    Path file = folder.resolve("config/hostpipe/token");
    HostToken made = HostToken.ofHost(file);
    assertThat(made.secret()).matches("invited:[A-Za-z0-9_-]{43}");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(HostToken.ofHost(file).secret()).isEqualTo(made.secret());
    assertThat(made.tokens().shown(made.secret(), warning -> {})).isNotNull();
    assertThat(made.toString()).doesNotContain(made.secret());
  }

  @Test
  void isAFileOfTokensWhoseFirstIsTheOneForWhoIsInvited() throws Exception {
    Path file = file("# mine\n\nweb1:" + SECRET + " write pipes=a\nweb2:" + SECRET + "x\n");
    HostToken token = HostToken.ofHost(file);
    assertThat(token.secret()).isEqualTo("web1:" + SECRET);
    assertThat(token.tokens().shown("web2:" + SECRET + "x", warning -> {})).isNotNull();
    assertThat(token.tokens().shown("web2:" + SECRET, warning -> {})).isNull();
    assertThat(token.tokens().shown("web1:", warning -> {})).isNull();
    assertThat(token.tokens().shown("web1", warning -> {})).isNull();
  }

  @Test
  void isRefusedWhereOthersCanReadItOrNothingIsInIt() throws Exception {
    Path empty = file("# nobody\n");
    assertThatThrownBy(() -> HostToken.ofHost(empty))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("holds no token; remove it");
    Path shared = file("web1:" + SECRET + "\n");
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> HostToken.ofHost(shared))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("chmod 600 " + shared)
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void whereItCannotBeKeptTheUserHearsWhatElseToSay() throws Exception {
    Path noFolder = file("a file\n");
    assertThatThrownBy(() -> HostToken.ofHost(noFolder.resolve("token")))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("no token of this host can be kept in")
        .hasMessageContaining("tokens=FILE");
  }

  private Path file(String text) throws IOException {
    Path file = Files.createTempFile(folder, "token", "");
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }
}
