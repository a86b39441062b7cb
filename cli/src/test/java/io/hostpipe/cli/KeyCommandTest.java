package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hostpipe key}, in the folder of a user who never called it. */
final class KeyCommandTest {
  @TempDir private Path folder;

  @Test
  void theKeyIsMadeOnceAndShownForPeopleAndForScripts() throws Exception {
    Path file = folder.resolve("hostpipe/identity.pem");
    String fingerprint;
    try (CommandProcess first = key()) {
      assertThat(first.exitCode()).as(first::err).isZero();
      fingerprint = text(first);
      assertThat(fingerprint).matches("sha256:[A-Za-z0-9+/]{43}=\n");
      assertThat(first.err()).contains("made a key for this host: " + file, "a peer says peer=");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (CommandProcess again = key()) {
      assertThat(again.exitCode()).isZero();
      assertThat(text(again)).isEqualTo(fingerprint);
      assertThat(again.err()).doesNotContain("made a key");
    }
    Path certificate = folder.resolve("host.crt");
    try (CommandProcess shown = key("cert")) {
      assertThat(shown.exitCode()).isZero();
      assertThat(text(shown)).startsWith("-----BEGIN CERTIFICATE-----\n").doesNotContain("PRIVATE");
      Files.writeString(certificate, text(shown));
    }
    try (CommandProcess of = key("of", certificate.toString())) {
      assertThat(of.exitCode()).isZero();
      assertThat(text(of)).isEqualTo(fingerprint);
    }
  }

  @Test
  void aKeyThatOthersMayReadIsRefusedWithTheCommandThatHelps() throws Exception {
    try (CommandProcess first = key()) {
      assertThat(first.exitCode()).isZero();
    }
    Path file = folder.resolve("hostpipe/identity.pem");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    try (CommandProcess again = key()) {
      assertThat(again.exitCode()).isEqualTo(4);
      assertThat(again.err()).contains("chmod 600 " + file);
      assertThat(again.out()).isEmpty();
    }
  }

  @Test
  void whatItDoesNotKnowIsAnErrorWithTheNearest() throws Exception {
    try (CommandProcess unknown = key("certs")) {
      assertThat(unknown.exitCode()).isEqualTo(2);
      assertThat(unknown.err()).contains("did you mean 'cert'?");
    }
    try (CommandProcess none = key("of")) {
      assertThat(none.exitCode()).isEqualTo(2);
    }
    try (CommandProcess missing = key("of", folder.resolve("none").toString())) {
      assertThat(missing.exitCode()).isEqualTo(4);
      assertThat(missing.err()).contains("there is no file");
    }
  }

  private CommandProcess key(String... words) throws IOException {
    String[] command = new String[words.length + 1];
    command[0] = "key";
    System.arraycopy(words, 0, command, 1, words.length);
    return CommandProcess.start(Map.of("XDG_CONFIG_HOME", folder.toString()), command);
  }

  private static String text(CommandProcess process) {
    return new String(process.out(), StandardCharsets.UTF_8);
  }
}
