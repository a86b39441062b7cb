package io.hostpipe.spi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FramedSourceTest {
  private final BlockPool pool = new BlockPool(1 << 22);

  @AfterEach
  void nothingLeaks() {
    assertThat(pool.takenBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lines", "delim:\\r\\n", "delim:aab", "fixed:5", "u32", "varint"})
  void makesTheSameMessagesHoweverTheBytesWereCut(String text) throws Exception {
    Framing framing = Framing.parse(text);
    List<String> messages = messages(framing, new Random(7), 200);
    byte[] bytes = framed(framing, messages);
    for (int seed = 0; seed < 60; seed++) {
      try (FramedSource source = source(framing, bytes, 1 + seed * 7, seed)) {
        assertThat(texts(source)).as("seed %s", seed).isEqualTo(messages);
        assertThat(source.finished()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lines", "delim:\\r\\n", "fixed:5", "u32", "varint"})
  void goesOnFromEveryPositionOfTheStream(String text) throws Exception {
    Framing framing = Framing.parse(text);
    List<String> messages = messages(framing, new Random(3), 40);
    byte[] bytes = framed(framing, messages);
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    TreeMap<Long, Cursor> cursors = new TreeMap<>();
    try (FramedSource source = source(framing, bytes, 17, 1)) {
      for (Batch batch = source.read(); batch != null; batch = source.read()) {
        try (Batch each = batch) {
          whole.write(bytesOf(each.bytes()));
          cursors.put(each.endPosition(), Objects.requireNonNull(each.cursor()));
        }
      }
    }
    byte[] records = whole.toByteArray();
    for (int position = 1; position <= records.length; position++) {
      Digest digest = Digest.of(ByteBuffer.wrap(records, 0, position));
      var below = cursors.floorEntry((long) position);
      Resume with =
          below == null
              ? new Resume(position, null, digest)
              : new Resume(position, below.getValue(), digest, below.getKey());
      for (Resume from : List.of(with, new Resume(position, null, digest))) {
        ByteSource inner = new ByteSource(bytes, 11, position, true, pool);
        try (FramedSource source = new FramedSource(inner, framing, pool)) {
          boolean verified = source.seek(from);
          assertThat(Arrays.equals(rest(source, position), tail(records, position)))
              .as("what comes behind %s", from)
              .isTrue();
          long begun = Objects.requireNonNull(inner.sought).position();
          assertThat(verified)
              .as("verified at %s", from)
              .isEqualTo(begun == 0 || from.cursorPosition() == position);
        }
      }
    }
  }

  @Test
  void readsNothingAgainThatLiesBeforeTheCursor() throws Exception {
    byte[] bytes = "one\ntwo\nthree\nfour\n".getBytes(UTF_8);
    Cursor cursor;
    long position;
    try (FramedSource source = source(Framing.LINES, bytes, 9, 4)) {
      try (Batch first = Objects.requireNonNull(source.read())) {
        cursor = Objects.requireNonNull(first.cursor());
        position = first.endPosition();
      }
    }
    ByteSource inner = new ByteSource(bytes, 9, 4, true, pool);
    try (FramedSource source = new FramedSource(inner, Framing.LINES, pool)) {
      source.seek(new Resume(position, cursor, null));
      long sought = Objects.requireNonNull(inner.sought).position();
      assertThat(sought).isPositive();
      assertThat((char) bytes[(int) sought - 1]).isEqualTo('\n');
    }
  }

  @Test
  void refusesAPlaceOfAnotherFraming() throws Exception {
    byte[] bytes = "one\ntwo\n".getBytes(UTF_8);
    Cursor cursor;
    try (FramedSource source = source(Framing.LINES, bytes, 9, 4);
        Batch first = Objects.requireNonNull(source.read())) {
      cursor = Objects.requireNonNull(first.cursor());
    }
    try (FramedSource source = source(Framing.fixed(4), bytes, 9, 4)) {
      assertThatThrownBy(() -> source.seek(new Resume(5, cursor, null)))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("another way than as 'fixed:4'");
      assertThatThrownBy(() -> source.seek(new Resume(5, Cursor.of("mine"), null)))
          .isInstanceOf(PipeException.Refused.class);
    }
  }

  @Test
  void saysWhenTheBytesBeforeAPositionAreOthers() throws Exception {
    try (FramedSource source = source(Framing.LINES, "one\ntwo\n".getBytes(UTF_8), 9, 4)) {
      Resume from = new Resume(5, null, Digest.of(ByteBuffer.wrap(new byte[5])));
      assertThatThrownBy(() -> source.seek(from)).isInstanceOf(PipeException.DataLoss.class);
    }
    try (FramedSource source = source(Framing.LINES, "one\n".getBytes(UTF_8), 9, 4)) {
      assertThatThrownBy(() -> source.seek(new Resume(50, null, null)))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("the sink holds 50");
    }
  }

  @Test
  void aSourceThatCannotGoBackCarriesNoCursor() throws Exception {
    ByteSource inner = new ByteSource("one\n".getBytes(UTF_8), 9, 1, false, pool);
    try (FramedSource source = new FramedSource(inner, Framing.LINES, pool)) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        assertThat(batch.cursor()).isNull();
      }
      assertThatThrownBy(() -> source.seek(new Resume(5, null, null)))
          .isInstanceOf(PipeException.Refused.class);
    }
  }

  @Test
  void whatCameBeforeAMessageThatIsTooLongIsHandedOver() throws Exception {
    byte[] bytes = ("one\ntwo\n" + "x".repeat(50)).getBytes(UTF_8);
    ByteSource inner = new ByteSource(bytes, 100, 1, true, pool);
    try (FramedSource source = new FramedSource(inner, Framing.LINES.decoder(10), pool)) {
      List<String> found = new ArrayList<>();
      assertThatThrownBy(() -> collect(source, found))
          .isInstanceOf(PipeException.Closed.class)
          .hasMessageContaining("begins at byte 8")
          .extracting(e -> ((PipeException) e).status())
          .isEqualTo(Status.OUT_OF_RANGE);
      assertThat(found).containsExactly("one", "two");
      assertThat(source.finished()).isFalse();
    }
  }

  @Test
  void aLongLineIsSplitWhereTheLimitIsWhenAskedTo() throws Exception {
    String line = "abcdefghijklmnopqrstuvwxyz";
    byte[] bytes = ("one\n" + line + "\n" + "0123456789\n").getBytes(UTF_8);
    for (int seed = 0; seed < 200; seed++) {
      ByteSource inner = new ByteSource(bytes, 1 + seed % 40, seed, true, pool);
      try (FramedSource source =
          new FramedSource(inner, Framing.LINES.decoder(10).splitting(), pool)) {
        assertThat(texts(source))
            .containsExactly("one", "abcdefghij", "klmnopqrst", "uvwxyz", "0123456789");
      }
    }
  }

  @Test
  void anEndInsideAMessageEndsTheStreamWithItsPosition() throws Exception {
    byte[] bytes = {0, 0, 0, 1, 'x', 0, 0, 0, 9, 'y'};
    try (FramedSource source = source(Framing.U32, bytes, 100, 1)) {
      List<String> found = new ArrayList<>();
      assertThatThrownBy(() -> collect(source, found))
          .isInstanceOf(PipeException.Closed.class)
          .hasMessageContaining("begins at byte 5");
      assertThat(found).containsExactly("x");
      assertThatThrownBy(source::read).isInstanceOf(PipeException.Closed.class);
    }
  }

  @Test
  void tellsTheBytesOfWhatWasCommitted() throws Exception {
    ByteSource inner = new ByteSource("a\nbb\nccc\n".getBytes(UTF_8), 100, 1, true, pool);
    try (FramedSource source = new FramedSource(inner, Framing.LINES, pool)) {
      long end = drain(source);
      source.commit(3);
      source.commit(end);
      assertThat(inner.committed).containsExactly(0L, 9L);
    }
  }

  @Test
  void countsCommittedMessagesForWhoWantsThat() throws Exception {
    CountingSource inner = new CountingSource("a\nbb\nccc\ndddd\n".getBytes(UTF_8), pool);
    try (FramedSource source = new FramedSource(inner, Framing.LINES, pool)) {
      long end = drain(source);
      source.commit(3);
      assertThat(inner.told).containsExactly("1");
      source.commit(5);
      assertThat(inner.told).containsExactly("1");
      source.reject(12, new Rejection(Status.INVALID_ARGUMENT, "no"));
      source.commit(end);
      assertThat(inner.told).containsExactly("1", "1", "no", "1");
    }
  }

  @Test
  void countsWithoutKeepingAnythingWhereCommitsComeAtTheEnd() throws Exception {
    CountingSource inner = new CountingSource("a\nbb\nccc\ndddd\n".getBytes(UTF_8), pool);
    try (FramedSource source = new FramedSource(inner, Framing.LINES, pool)) {
      source.commitsComeAtEnd();
      long end = drain(source);
      assertThat(pool.takenBytes()).isZero();
      source.reject(7, new Rejection(Status.INVALID_ARGUMENT, "no"));
      source.commit(end);
      assertThat(inner.told).containsExactly("3", "no");
    }
  }

  @Test
  void whatWasNeverCommittedIsGivenBackWhenItIsClosed() throws Exception {
    CountingSource inner = new CountingSource("a\nbb\n".getBytes(UTF_8), pool);
    FramedSource source = new FramedSource(inner, Framing.LINES, pool);
    drain(source);
    source.close();
    source.close();
    source.commit(3);
    assertThat(inner.told).isEmpty();
    assertThatThrownBy(source::read).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void whoWaitsForTheAnswerBeforeItSendsOnGetsIt() throws Exception {
    CountDownLatch answered = new CountDownLatch(1);
    CountingSource inner =
        new CountingSource("a\n".getBytes(UTF_8), pool) {
          @Override
          public @Nullable Batch read() throws PipeException {
            Batch batch = super.read();
            if (batch == null) {
              awaitAnswer(answered);
            }
            return batch;
          }

          @Override
          public void onMessagesCommitted(long count) {
            super.onMessagesCommitted(count);
            answered.countDown();
          }
        };
    try (FramedSource source = new FramedSource(inner, Framing.LINES, pool)) {
      Objects.requireNonNull(source.read()).close();
      FutureTask<@Nullable Batch> reading = new FutureTask<>(source::read);
      Thread reader = Thread.ofPlatform().start(reading);
      while (reader.getState() != Thread.State.TIMED_WAITING) {
        LockSupport.parkNanos(1_000_000);
      }
      source.commit(3);
      assertThat(reading.get(20, TimeUnit.SECONDS)).isNull();
      assertThat(inner.told).containsExactly("1");
    }
  }

  private static void awaitAnswer(CountDownLatch answered) throws PipeException {
    try {
      if (!answered.await(20, TimeUnit.SECONDS)) {
        throw new PipeException.Closed(Status.DEADLINE_EXCEEDED, "nobody answered");
      }
    } catch (InterruptedException e) {
      throw new PipeException.Closed(Status.CANCELLED, "interrupted");
    }
  }

  /** A raw source that wants to know what became of its messages. */
  private static class CountingSource extends ByteSource implements MessageCommits {
    final List<String> told = new ArrayList<>();

    CountingSource(byte[] content, BlockPool pool) {
      super(content, 6, 2, false, pool);
    }

    @Override
    public void onMessagesCommitted(long count) {
      told.add("" + count);
    }

    @Override
    public void onMessageRejected(Rejection why) {
      told.add(why.reason());
    }
  }

  private FramedSource source(Framing framing, byte[] bytes, int cutBytesMax, long seed) {
    return new FramedSource(new ByteSource(bytes, cutBytesMax, seed, true, pool), framing, pool);
  }

  private static List<String> messages(Framing framing, Random random, int count) {
    List<String> messages = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      int length =
          framing.toString().equals("fixed:5")
              ? 5
              : random.nextInt(random.nextInt(20) == 0 ? 300 : 9);
      StringBuilder message = new StringBuilder();
      for (int each = 0; each < length; each++) {
        message.append("bcdxyz".charAt(random.nextInt(6)));
      }
      messages.add(message.toString());
    }
    return messages;
  }

  private static byte[] framed(Framing framing, List<String> messages) throws PipeException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String each : messages) {
      ByteBuffer out = ByteBuffer.allocate(framing.encodedLengthBytes(each.length()));
      framing.encode(ByteBuffer.wrap(each.getBytes(UTF_8)), out);
      bytes.writeBytes(out.array());
    }
    return bytes.toByteArray();
  }

  private static List<String> texts(Source source) throws Exception {
    List<String> found = new ArrayList<>();
    collect(source, found);
    return found;
  }

  private static void collect(Source source, List<String> found) throws Exception {
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      try (Batch each = batch) {
        each.forEach((end, payload, headers) -> found.add(UTF_8.decode(payload).toString()));
      }
    }
  }

  private static long drain(Source source) throws Exception {
    long end = 0;
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      end = batch.endPosition();
      batch.close();
    }
    return end;
  }

  private static byte[] rest(Source source, long position) throws Exception {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    long next = position;
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      try (Batch each = batch) {
        assertThat(each.position()).isEqualTo(next);
        assertThat(each.count()).isPositive();
        next = each.endPosition();
        rest.write(bytesOf(each.bytes()));
      }
    }
    return rest.toByteArray();
  }

  private static byte[] tail(byte[] bytes, int from) {
    return Arrays.copyOfRange(bytes, from, bytes.length);
  }

  private static byte[] bytesOf(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
