package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens as {@code hostpipe key token} makes them. */
final class TokenCommandTest {
  @TempDir private Path folder;

  @Test
  void theLineOfTheListenerGoesToStandardOutput() {
    Captured command = new Captured();
    assertThat(command.run("key", "token", "web1", "write", "pipes=orders,logs/*"))
        .isEqualTo(ExitCode.OK);
    assertThat(command.out()).matches("web1:[A-Za-z0-9_-]{43} write pipes=orders,logs/\\*\n");
    assertThat(command.err()).contains("mode 0600").doesNotContain(secret(command));
  }

  @Test
  void theFileGetsTheLineAndStandardOutputWhatIsForTheDialer() throws IOException {
    Path tokens = folder.resolve("tokens");
    Captured first = new Captured();
    first.run("key", "token", "web1", "tokens=" + tokens, "write");
    Captured second = new Captured();
    assertThat(second.run("key", "token", "report", "tokens=" + tokens, "read", "rate=1MB/s"))
        .isEqualTo(ExitCode.OK);
    assertThat(second.out()).matches("report:[A-Za-z0-9_-]{43}\n");
    assertThat(Files.getPosixFilePermissions(tokens))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(Files.readString(tokens))
        .isEqualTo(first.out().strip() + " write\n" + second.out().strip() + " read rate=1MB/s\n");
    assertThat(second.err()).contains("tokens=" + tokens).doesNotContain(secret(second));
  }

  @Test
  void aTokenIsReplacedOnlyWhenThatIsSaid() throws IOException {
    Path tokens = folder.resolve("tokens");
    new Captured().run("key", "token", "other", "tokens=" + tokens);
    Captured first = new Captured();
    first.run("key", "token", "web1", "tokens=" + tokens);
    Captured again = new Captured();
    assertThat(again.run("key", "token", "web1", "tokens=" + tokens)).isEqualTo(ExitCode.USAGE);
    assertThat(again.err()).contains("has a token 'web1' already; say replace");
    assertThat(again.out()).isEmpty();
    Captured replaced = new Captured();
    assertThat(replaced.run("key", "token", "web1", "tokens=" + tokens, "replace"))
        .isEqualTo(ExitCode.OK);
    assertThat(Files.readString(tokens))
        .contains("other:", replaced.out().strip())
        .doesNotContain(secret(first));
  }

  @Test
  void aFileThatOthersCanReadIsNotWrittenTo() throws IOException {
    Path tokens = Files.writeString(folder.resolve("tokens"), "# mine\n");
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw-r--r--"));
    Captured command = new Captured();
    assertThat(command.run("key", "token", "web1", "tokens=" + tokens)).isEqualTo(ExitCode.USAGE);
    assertThat(command.err()).contains("chmod 600 " + tokens);
    assertThat(Files.readString(tokens)).isEqualTo("# mine\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "key token ../x|a token needs a name",
        "key token web1 fly|there is no 'fly'",
        "key token web1 expires=soon|expires is a day as in 2027-01-31",
        "key token web1 rate=fast|a rate is a size a second",
        "key token web1 tokens=/no/such/folder/tokens|cannot be put into"
      })
  void wrongWordsAreNamed(String words, String said) {
    Captured command = new Captured();
    assertThat(command.run(words.split(" ", -1))).isEqualTo(ExitCode.USAGE);
    assertThat(command.err()).contains(said);
    assertThat(command.out()).isEmpty();
  }

  private static String secret(Captured command) {
    return command.out().strip().split("[: ]", -1)[1];
  }
}
