package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.DeadLetter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code hostpipe dlq} on a file: three lines that have a break inside. */
final class DlqCommandTest {
  @TempDir private Path folder;

  private Path out;
  private Path dead;

  @BeforeEach
  void putAside() throws IOException {
    out = folder.resolve("out");
    dead = folder.resolve("dead");
    move("first\nbad", "good", "second\nbad", "third\u001b[2J\nbad");
  }

  @Test
  void listsWhatLiesThereAndWhy() {
    Captured ls = dlq(ExitCode.OK, "ls", "" + dead);
    assertThat(ls.out().lines()).hasSize(4);
    assertThat(ls.out())
        .contains("NUMBER", "CAUSE")
        .contains("INVALID_ARGUMENT: a message holds the delimiter itself")
        .contains("  " + out + "  ")
        .contains("  file:" + folder.resolve("in") + "  ");
  }

  @Test
  void showsOneWithItsHeadersAndNothingThatMovesTheCursor() {
    assertThat(dlq(ExitCode.OK, "show", "" + dead, "2").out())
        .contains("dead-letter-status: INVALID_ARGUMENT\n")
        .endsWith("\n\nsecond\nbad\n");
    assertThat(dlq(ExitCode.OK, "show", "" + dead, "3").out())
        .endsWith("\n74 68 69 72 64 1b 5b 32 4a 0a 62 61 64\n");
    assertThat(dlq(ExitCode.USAGE, "show", "" + dead, "4").err()).contains("there is no message 4");
    dlq(ExitCode.USAGE, "show", "" + dead, "");
  }

  @Test
  void whatIsReplayedIsTakenOutOnceItHasArrived() throws IOException {
    Path again = folder.resolve("again");
    Captured replay =
        dlq(ExitCode.OK, "replay", "" + dead, "2", "1", "--to", "" + again, "--frame-out", "u32");
    assertThat(replay.err()).contains("2 messages were delivered to " + again);
    assertThat(again).hasBinaryContent(u32("first\nbad", "second\nbad"));
    assertThat(numbers()).containsExactly("3");
    dlq(ExitCode.OK, "replay", "" + dead, "--all", "--to", "" + again, "--frame-out", "u32");
    assertThat(again).hasBinaryContent(u32("first\nbad", "second\nbad", "third\u001b[2J\nbad"));
    assertThat(numbers()).isEmpty();
  }

  @Test
  void whatIsRefusedAgainStays() throws IOException {
    Captured replay = dlq(ExitCode.REJECTED, "replay", "" + dead, "--all", "--frame-out", "lines");
    assertThat(replay.err())
        .contains("message 1 is refused by " + out + ": INVALID_ARGUMENT")
        .contains("3 messages were refused again and stay in " + dead);
    assertThat(numbers()).containsExactly("1", "2", "3");
    assertThat(out).hasContent("good\n");
  }

  @Test
  void thoseThatComeLaterGetNumbersOfTheirOwn() throws IOException {
    dlq(ExitCode.OK, "drop", "" + dead, "1", "3", "--yes");
    out = folder.resolve("out2");
    move("fourth\nbad");
    assertThat(numbers()).containsExactly("2", "4");
  }

  @Test
  void nothingIsDroppedUnasked() throws IOException {
    assertThat(dlq(ExitCode.USAGE, "drop", "" + dead, "--all").err())
        .contains("drop 3 messages of " + dead + " for good?", "say so with --yes");
    assertThat(numbers()).hasSize(3);
    dlq(ExitCode.OK, "drop", "" + dead, "--all", "--yes");
    assertThat(dlq(ExitCode.OK, "ls", "" + dead).err()).contains("there are no messages");
  }

  @Test
  void aTornEndOfTheFileAndOfTheNotesIsNoMessageAndNoNote() throws IOException {
    dlq(ExitCode.OK, "drop", "" + dead, "2", "--yes");
    Files.write(dead, new byte[] {120, 0, 1, 2, 3}, APPEND);
    Path notes = folder.resolve("dead.removed");
    Files.writeString(notes, "3", APPEND);
    assertThat(numbers()).containsExactly("1", "3");
    dlq(ExitCode.OK, "drop", "" + dead, "1", "--yes");
    assertThat(numbers()).as("a torn note that was ended by the next").containsExactly("3");
  }

  @Test
  void somethingElseThanDeadLettersIsSaid() throws IOException {
    Files.write(dead, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1});
    assertThat(dlq(ExitCode.DATA_LOSS, "ls", "" + dead).err())
        .contains("holds something else than messages that were put aside");
  }

  @Test
  void aFileWithoutAWholeMessageThatNobodyPutsMessagesIntoIsSomethingElse() throws IOException {
    Path list = Files.writeString(folder.resolve("list"), "1\n2\n3\n");
    assertThat(dlq(ExitCode.DATA_LOSS, "ls", "" + list).err())
        .contains("holds something else than messages that were put aside")
        .contains("6 bytes, and no whole message");
    Files.write(Files.createFile(folder.resolve("list.hostpipe")), new byte[1]);
    assertThat(dlq(ExitCode.OK, "ls", "" + list).err())
        .as("one that is being written")
        .contains("there are no messages");
  }

  @Test
  void whatHasArrivedIsTakenOutAlsoWhenTheReplayFailsBehindIt() throws IOException {
    byte[] whole = Files.readAllBytes(dead);
    Files.write(dead, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1}, APPEND);
    Path again = folder.resolve("again");
    Captured replay =
        dlq(
            ExitCode.DATA_LOSS,
            "replay",
            "" + dead,
            "--all",
            "--to",
            "" + again,
            "--frame-out",
            "u32");
    assertThat(replay.err()).contains("3 messages were delivered to " + again);
    Files.write(dead, whole);
    assertThat(numbers()).isEmpty();
    assertThat(again).hasBinaryContent(u32("first\nbad", "second\nbad", "third\u001b[2J\nbad"));
  }

  @ParameterizedTest
  @CsvSource({"2002, FILE", "100002, exec:sh -c \"cat >> FILE\""})
  void moreThanMayBeUnconfirmedAreTakenOutOnTheWay(int count, String to) throws IOException {
    repeat(Arrays.copyOf(Files.readAllBytes(dead), lengthOfTheFirst()), count);
    Path again = folder.resolve("again");
    String address = to.replace("FILE", "" + again);
    Captured replay =
        dlq(ExitCode.OK, "replay", "" + dead, "--all", "--to", address, "--frame-out", "u32");
    assertThat(replay.err()).contains(DlqCommand.count(count) + " were delivered to ");
    assertThat(again).hasSize(count * (long) u32("first\nbad").length);
    assertThat(numbers()).isEmpty();
  }

  @Test
  void anEqualMessageThatWasPutAsideLaterIsDeliveredAsWell() throws IOException {
    Path again = folder.resolve("again");
    for (int round = 0; round < 2; round++) {
      for (String each : List.of("dead", "dead.hostpipe", "dead.removed")) {
        Files.deleteIfExists(folder.resolve(each));
      }
      out = folder.resolve("out" + round);
      move("same\nbad");
      dlq(
          ExitCode.OK,
          "replay",
          "" + dead,
          "1",
          "--to",
          "file:" + again + "?resume",
          "--frame-out",
          "u32");
    }
    assertThat(again).hasBinaryContent(u32("same\nbad", "same\nbad"));
  }

  @Test
  void notesHideNothingOfAnotherFileInThatPlace() throws IOException {
    dlq(ExitCode.OK, "drop", "" + dead, "1", "2", "--yes");
    assertThat(numbers()).containsExactly("3");
    Files.delete(dead);
    Files.delete(folder.resolve("dead.hostpipe"));
    out = folder.resolve("out2");
    move("fourth\nbad", "fifth\nbad");
    assertThat(numbers()).containsExactly("1", "2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"exec:touch FOLDER/here", "@FOLDER/in", "env:HOME", "-"})
  void whatAMessageNamesIsNotRunOrReadBecauseItSaysSo(String named) throws IOException {
    String address = named.replace("FOLDER", "" + folder);
    Headers headers =
        new DeadLetter(
                new Rejection(Status.INVALID_ARGUMENT, "it was too long"),
                address,
                "stream",
                8,
                Instant.EPOCH)
            .addTo(Headers.EMPTY);
    BatchWriter writer = new BatchWriter(Hostpipe.pool(), Encoding.RECORDS, 0);
    assertThat(writer.add(UTF_8.encode("text"), headers)).isTrue();
    try (Batch batch = writer.toBatch(new StreamId("letters"), 0)) {
      byte[] bytes = new byte[batch.lengthBytes()];
      batch.bytes().get(bytes);
      Files.write(dead, bytes);
    }
    assertThat(dlq(ExitCode.USAGE, "replay", "" + dead, "1", "--frame-out", "u32").err())
        .contains("message 1 should have gone to " + address)
        .contains("say it with --to ADDR");
    assertThat(folder.resolve("here")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ls | wants the address of dead letters",
        "sohw DEAD | did you mean",
        "ls DEAD 1 | takes no number and no --all",
        "show DEAD | takes one number",
        "replay DEAD | wants the numbers of messages, or --all",
        "drop DEAD 1 --all | wants the numbers of messages, or --all",
        "drop DEAD 1 --to DEAD | --to is for 'replay'",
        "replay DEAD 1 | say with --frame-out how messages are told apart there",
        "replay DEAD 1 --to DEAD --frame-out u32 | would be delivered to where they lie",
        "replay DEAD 1 --to tcp-listen://127.0.0.1:0/x | name a destination that can be dialed",
        "ls - | cannot be looked through message by message",
        "ls nats://127.0.0.1:1/x | keeps nothing that could be looked through; if it is kept in a",
      })
  void whatCannotBeIsSaid(String words, String why) throws IOException {
    Captured captured = dlq(ExitCode.USAGE, words.replace("DEAD", "" + dead).split(" "));
    assertThat(captured.err()).contains(why);
    assertThat(numbers()).hasSize(3);
  }

  private static Captured dlq(ExitCode wanted, String... words) {
    List<String> all = new ArrayList<>(List.of("dlq"));
    all.addAll(List.of(words));
    Captured captured = new Captured();
    ExitCode code = captured.run(all.toArray(String[]::new));
    assertThat(code).as(captured.err()).isEqualTo(wanted);
    return captured;
  }

  private List<String> numbers() {
    return dlq(ExitCode.OK, "ls", "" + dead)
        .out()
        .lines()
        .skip(1)
        .map(line -> line.substring(0, line.indexOf(' ')))
        .toList();
  }

  private void move(String... texts) throws IOException {
    Path in = Files.write(folder.resolve("in"), u32(texts));
    Captured captured = new Captured();
    assertThat(
            captured.run(
                "" + in, "" + out, "--frame", "u32", "--frame-out", "lines", "--dlq", "" + dead))
        .as(captured.err())
        .isEqualTo(ExitCode.REJECTED);
  }

  /** The letter is the same each time, and each has its own number. */
  private void repeat(byte[] letter, int count) throws IOException {
    try (OutputStream bytes = new BufferedOutputStream(Files.newOutputStream(dead))) {
      for (int index = 0; index < count; index++) {
        bytes.write(letter);
      }
    }
  }

  private int lengthOfTheFirst() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(dead));
    return Records.lengthAt(bytes, 0);
  }

  private static byte[] u32(String... texts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (String each : texts) {
      byte[] text = each.getBytes(UTF_8);
      out.writeInt(text.length);
      out.write(text);
    }
    return bytes.toByteArray();
  }
}
