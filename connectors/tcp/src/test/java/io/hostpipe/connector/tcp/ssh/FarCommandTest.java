package io.hostpipe.connector.tcp.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a real shell makes of the line. */
final class FarCommandTest {
  @TempDir private Path home;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "two words",
        "it's",
        "$(touch pwned)",
        "`id`; rm -rf /nowhere",
        "\\n \"quoted\" *",
        "a\nb",
        ""
      })
  void aWordArrivesAsItWas(String word) throws Exception {
    assertThat(run(FarCommand.of("printf", "<%s>", word))).isEqualTo("<" + word + ">");
    assertThat(home).isEmptyDirectory();
  }

  @Test
  void aHostpipeBelowTheHomeIsFoundWithoutAPath() throws Exception {
    Path bin = Files.createDirectories(home.resolve(".local/bin"));
    Path hostpipe = bin.resolve("hostpipe");
    Files.writeString(hostpipe, "#!/bin/sh\nprintf '%s,' found \"$@\"\n");
    assertThat(hostpipe.toFile().setExecutable(true)).isTrue();
    assertThat(run(FarCommand.of(null, "pipe", "it's"))).isEqualTo("found,pipe,it's,");
  }

  @Test
  void noHostpipeIsSaidByTheExitCode() throws Exception {
    Process process = start(FarCommand.of(null, "pipe", "x"));
    assertThat(process.waitFor()).isEqualTo(FarCommand.NOT_FOUND);
  }

  private String run(String line) throws Exception {
    Process process = start(line);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return out;
  }

  private Process start(String line) throws IOException {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", line).directory(home.toFile());
    builder.environment().put("HOME", home.toString());
    builder.environment().put("PATH", "/usr/bin:/bin");
    return builder.start();
  }
}
