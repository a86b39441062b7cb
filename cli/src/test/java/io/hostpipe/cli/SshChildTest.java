package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of an ssh that answers nothing, as on a way that swallows everything. */
final class SshChildTest {
  @TempDir private Path folder;

  @Test
  void anSshThatAnswersNothingDoesNotOutliveWhoGaveItUp() throws Exception {
    Path pid = folder.resolve("pid");
    Path ssh = folder.resolve("ssh");
    Files.writeString(ssh, "#!/bin/sh\necho $$ > " + pid + "\nexec sleep 1000\n");
    Files.setPosixFilePermissions(ssh, PosixFilePermissions.fromString("rwx------"));
    try (CommandProcess sender =
        CommandProcess.start("-", "ssh://db2/x?to=out&ssh=" + ssh, "--give-up", "1s")) {
      Waiting.until(() -> Files.exists(pid) && Files.size(pid) > 0);
      long number = Long.parseLong(Files.readString(pid).strip());
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(3);
      Waiting.until(() -> ProcessHandle.of(number).filter(ProcessHandle::isAlive).isEmpty());
    }
  }
}
