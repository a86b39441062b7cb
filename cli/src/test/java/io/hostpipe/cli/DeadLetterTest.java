package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.DeadLetter;
import io.hostpipe.Status;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code --dlq} between files, where the framing of the destination refuses messages. */
final class DeadLetterTest {
  @TempDir private Path folder;

  private final Captured captured = new Captured();

  @Test
  void whatALineCannotCarryIsPutAsideWithItsCauseAndTheRestGoesOn() throws IOException {
    Path in = messages("one", "two\nlines", "three", "a\nb", "five");
    Path out = folder.resolve("out");
    Path dead = folder.resolve("dead");

    assertThat(move(in, out, dead)).isEqualTo(ExitCode.REJECTED);

    assertThat(out).hasContent("one\nthree\nfive\n");
    assertThat(Letters.texts(dead)).containsExactly("two\nlines", "a\nb");
    DeadLetter about = Letters.in(dead).getFirst().about();
    assertThat(about.why().status()).isEqualTo(Status.INVALID_ARGUMENT);
    assertThat(about.why().reason()).contains("the framing lines cannot carry it");
    assertThat(about.why().attempts()).isEqualTo(1);
    assertThat(about.address()).isEqualTo(out.toString());
    assertThat(about.stream()).isEqualTo("file:" + in);
    assertThat(about.endPosition()).isEqualTo("one".length() + "two\nlines".length() + 2L * 2);
    assertThat(captured.err())
        .contains("2 messages are in the dead letters at " + dead + "; everything else arrived")
        .contains("  dead letters        2, in " + dead)
        .contains("  messages            5\n");
  }

  @Test
  void whereNothingIsRefusedItEndsAsWithout() throws IOException {
    Path out = folder.resolve("out");
    assertThat(move(messages("one", "two"), out, folder.resolve("dead"))).isEqualTo(ExitCode.OK);
    assertThat(out).hasContent("one\ntwo\n");
    assertThat(captured.err()).contains("  dead letters        0\n");
  }

  @Test
  void withoutAPlaceForThemTheFirstOneEndsThePipe() throws IOException {
    Path out = folder.resolve("out");
    Path in = messages("one", "two\nlines", "three");
    assertThat(captured.run("" + in, "" + out, "--frame", "u32", "--frame-out", "lines"))
        .isEqualTo(ExitCode.REJECTED);
    assertThat(out).hasContent("one\n");
    assertThat(captured.err())
        .contains("; delivered: 0..5. With --dlq ADDR a message that is refused is put aside there")
        .contains("  delivered           0..5\n");
  }

  @Test
  void anotherRunAddsItsOwn() throws IOException {
    Path dead = folder.resolve("dead");
    Path in = messages("a\nb");
    assertThat(move(in, folder.resolve("out1"), dead)).isEqualTo(ExitCode.REJECTED);
    assertThat(move(in, folder.resolve("out2"), dead)).isEqualTo(ExitCode.REJECTED);
    assertThat(move(messages("c\nd"), folder.resolve("out1"), dead, "overwrite"))
        .isEqualTo(ExitCode.REJECTED);
    assertThat(Letters.texts(dead)).containsExactly("a\nb", "a\nb", "c\nd");
  }

  @Test
  void eachOfSeveralDestinationsPutsAsideWhatItRefuses() throws IOException {
    Path in = messages("one", "two\nlines");
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    Path dead = folder.resolve("dead");
    assertThat(
            captured.run(
                "" + in,
                "" + first,
                "" + second,
                "--frame",
                "u32",
                "--frame-out",
                "lines",
                "--dlq",
                "" + dead))
        .isEqualTo(ExitCode.REJECTED);
    assertThat(first).hasContent("one\n");
    assertThat(second).hasContent("one\n");
    assertThat(Letters.in(dead))
        .extracting(each -> each.about().address())
        .containsExactlyInAnyOrder("" + first, "" + second);
  }

  @Test
  void theJsonSummaryCountsThem() throws IOException {
    Path dead = folder.resolve("dead");
    assertThat(move(messages("a\nb"), folder.resolve("out"), dead, "--summary", "json"))
        .isEqualTo(ExitCode.REJECTED);
    assertThat(captured.err())
        .contains("\"exit\":7,")
        .contains("\"dead_letters\":1,\"dead_letters_at\":\"" + dead + "\"");
  }

  @Test
  void aFileThatThisDidNotWriteIsLeftAlone() throws IOException {
    Path dead = Files.writeString(folder.resolve("dead"), "somebody's");
    assertThat(move(messages("a"), folder.resolve("out"), dead)).isEqualTo(ExitCode.REFUSED);
    assertThat(dead).hasContent("somebody's");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--dlq FOLDER/dead | this pipe carries bytes, which have no borders",
        "--frame lines --dlq FOLDER/out | is where the messages are refused",
        "--frame lines --dlq FOLDER/in | is where they come from",
        "--frame lines --dlq FOLDER/ | is a folder; name a file in it",
        "--frame lines --dlq - | keeps nothing that survives this process",
        "--frame lines --dlq exec:cat | keeps nothing that survives this process",
        "--frame lines --dlq nats://127.0.0.1:4222/x | with jetstream it is kept",
        "--frame lines --dlq tcp-listen://127.0.0.1:0/x | waits for a peer, who may never come",
        "--frame lines --dlq dead.txt | is no address",
        "--frame lines --dlq nats://127.0.0.1:1/x?jetsteam | jetsteam' is no option of",
        "--frame lines --dlq-unreachable | add --dlq ADDR",
        "--frame lines --dlq FOLDER/d --dlq-unreachable --spool FOLDER/q | add --give-up",
      })
  void whatCannotBeIsSaidBeforeAnythingMoves(String flags, String why) throws IOException {
    Path in = messages("one");
    String words = in + " " + folder.resolve("out") + " " + flags.replace("FOLDER", "" + folder);
    assertThat(captured.run(words.split(" "))).isEqualTo(ExitCode.USAGE);
    assertThat(captured.err()).contains(why);
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aPasswordInTheirAddressIsNotShown() throws IOException {
    Path in = messages("one");
    String address = "nats://me:seekrit@127.0.0.1:1/dead?jetstream";
    assertThat(
            captured.run(
                "" + in,
                "" + folder.resolve("out"),
                "--frame",
                "u32",
                "--dlq",
                address,
                "--retry-max",
                "1"))
        .isEqualTo(ExitCode.UNREACHABLE);
    assertThat(captured.err()).contains("/dead").doesNotContain("seekrit");
  }

  private ExitCode move(Path in, Path out, Path dead, String... more) {
    List<String> words =
        new ArrayList<>(List.of("" + in, "" + out, "--frame", "u32", "--frame-out"));
    words.addAll(List.of("lines", "--dlq", "" + dead));
    for (String each : more) {
      words.add(each.startsWith("-") || words.getLast().startsWith("--s") ? words.size() : 2, each);
    }
    return captured.run(words.toArray(String[]::new));
  }

  private Path messages(String... texts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (String each : texts) {
      byte[] text = each.getBytes(UTF_8);
      out.writeInt(text.length);
      out.write(text);
    }
    return Files.write(folder.resolve("in"), bytes.toByteArray());
  }
}
