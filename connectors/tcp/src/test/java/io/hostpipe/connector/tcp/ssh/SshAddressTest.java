package io.hostpipe.connector.tcp.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SshAddressTest {
  @Test
  void sshGetsWhatTheAddressSaysAndNothingElse() throws PipeException {
    assertThat(of("ssh://ann@[::1]:2222/logs?identity=k&config=c&ssh=/opt/ssh").command(false, "x"))
        .startsWith("/opt/ssh", "-T")
        .containsSubsequence("-o", "BatchMode=yes", "-p", "2222", "-l", "ann", "-F", "c")
        .containsSubsequence("-i", "k", "--", "::1")
        .doesNotContain("logs");
    assertThat(of("ssh://db2/logs").command(true, "x"))
        .doesNotContain("BatchMode=yes", "-p", "-l", "-F", "-i");
  }

  @ParameterizedTest
  @CsvSource({
    "ssh:///logs, whom to dial",
    "ssh://-oProxyCommand=id/x, none that ssh can be given",
    "ssh://-lroot@db2/x, none that ssh can be given",
    "ssh://$(id)/x, none that ssh can be given",
    "ssh://`id`/x, none that ssh can be given",
    "ssh://a;b@db2/x, none that ssh can be given",
    "ssh://ann:secret@db2/x, takes no password",
    "ssh://db2:0/x, port 0",
    "ssh://db2?to=./a&from=./b, say 'to' or 'from'"
  })
  void whatSshCannotBeGivenIsRefused(String address, String why) {
    assertThatThrownBy(() -> of(address))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining(why)
        .hasMessageNotContaining("secret");
  }

  @Test
  void aNameThatIsNoNameForAFileIsHashed() {
    assertThat(SshFolder.fileName("logs.2026_a-b")).isEqualTo("logs.2026_a-b.n");
    assertThat(SshFolder.fileName("../x"))
        .matches("[0-9a-f]{24}\\.h")
        .isNotEqualTo(SshFolder.fileName("../y"));
    assertThat(SshFolder.fileName("")).endsWith(".h");
    assertThat(SshFolder.fileName("n".repeat(200))).hasSize(26);
  }

  private static SshAddress of(String text) throws PipeException {
    return SshAddress.of(Address.parse(text));
  }
}
