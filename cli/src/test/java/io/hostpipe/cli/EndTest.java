package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.PipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EndTest {
  private final Catalog catalog = Catalog.ofProcess();

  @TempDir private Path folder;

  @Test
  void givesEachAddressTheWordsBehindIt() throws PipeException {
    List<End> ends = parse("tcp-listen://127.0.0.1:9000/x", "backlog=5", "./out", "append");
    assertThat(ends).hasSize(2);
    assertThat(ends.getFirst().address().options()).containsExactly(Map.entry("backlog", "5"));
    assertThat(ends.getFirst().isLink()).isTrue();
    assertThat(ends.getLast().address().options()).containsExactly(Map.entry("append", "true"));
    assertThat(ends.getLast().isLink()).isFalse();
  }

  @Test
  void takesTheSameOptionsFromAQuery() throws PipeException {
    assertThat(parse("tcp://h:1/x?heartbeat=1s").getFirst().address())
        .isEqualTo(parse("tcp://h:1/x", "heartbeat=1s").getFirst().address());
  }

  @Test
  void showsTheAddressAsItWasWrittenThoughItKeepsItsPlace() throws PipeException {
    End end = parse("-", "./out").getLast().keepingPlaces();
    assertThat(end.address().option("resume")).isEqualTo("true");
    assertThat(end).hasToString("./out");
    assertThat(parse("-", "./out", "resume").getLast().keepingPlaces()).hasToString("./out?resume");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "./x overwrit|'overwrit' is neither an address nor an option of ./x; did you mean"
            + " 'overwrite'?",
        "./x y=1|'y=…' is neither an address nor an option of ./x; it has append, overwrite",
        "- y|is neither an address nor an option of -, which has none",
        "./x append append|'append' was given twice for ./x?append",
        "./x append=yes|'append' of ./x takes no value",
        "tcp-listen://h:1/x backlog|'backlog' of tcp-listen://h:1/x wants a value: backlog=N",
        "tcp://h:1/x?backlgo=hunter2|'backlgo' is no option of tcp://h:1/x; it has",
        "tpc://h:1/x|no connector answers for 'tpc'; did you mean 'tcp'?",
        "redis://h:1/x|no connector answers for 'redis'; there are amqp, amqps",
        "append ./x|'append' is no address, and options stand behind one",
        "bogus:x|'bogus:x' is no address, and options stand behind one; an address is written SCHEME://",
        "./x tcp:h:1|'tcp:h:1' is neither an address nor an option of ./x; did you mean tcp://…?",
        "./x out.txt|a file is written ./out.txt",
        "./x host:9000|a peer is written tcp://host:9000/name",
        "./x tcp:u:hunter2@h:1|'tcp:…' is neither",
        "./x pasword=hunter2|'pasword=…' is neither",
      })
  void namesTheWordItStumblesOver(String line, String message) {
    assertThatThrownBy(() -> parse(line.split(" ")))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void readsAddressesFromTheEnvironmentAndFromFiles() throws IOException {
    Path file = Files.writeString(folder.resolve("address"), "\n tcp://h:9000/from-file \n");
    Console console = new Captured(Map.of("TARGET", "tcp://h:9000/from-env")).console();
    List<End> ends = End.parse(List.of("env:TARGET", "heartbeat=1s", "@" + file), catalog, console);
    assertThat(ends.getFirst().address().path()).isEqualTo("from-env");
    assertThat(ends.getFirst().address().option("heartbeat")).isEqualTo("1s");
    assertThat(ends.getLast().address().path()).isEqualTo("from-file");
  }

  @Test
  void neverShowsWhatIsKeptElsewhere() throws IOException {
    Path file = Files.writeString(folder.resolve("address"), "tcp://u:hunter2@[bad");
    Path two = Files.writeString(folder.resolve("two"), "tcp://h/hunter2\ntcp://h/x");
    Console console =
        new Captured(
                Map.of(
                    "A", "hunter2",
                    "B", "tcp://u:hunter2@h:99999/x",
                    "C", "tcp://u:hunter2@h:1/x?nonsense=hunter2&token=hunter2",
                    "D", "nosuch://u:hunter2@h/x"))
            .console();
    for (String word : List.of("env:A", "env:B", "env:C", "env:D", "@" + file, "@" + two)) {
      assertThatThrownBy(() -> End.parse(List.of(word), catalog, console))
          .isInstanceOf(PipeException.Config.class)
          .hasMessageNotContaining("hunter2");
    }
  }

  @Test
  void saysWhichVariableOrFileIsMissing() {
    assertThatThrownBy(() -> parse("env:NO_SUCH"))
        .hasMessageContaining("the environment has no variable 'NO_SUCH'");
    assertThatThrownBy(() -> parse("@" + folder.resolve("none")))
        .hasMessageContaining("there is no file");
    assertThatThrownBy(() -> parse("@" + folder)).hasMessageContaining("cannot be read");
  }

  private List<End> parse(String... words) throws PipeException {
    return End.parse(List.of(words), catalog, new Captured().console());
  }
}
