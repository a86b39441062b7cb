package io.hostpipe.runtime.dead;

import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.DeadLetter;
import io.hostpipe.Digest;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The dead letters of one stream on their way into the sink that keeps them: a stream of its own,
 * named after the first, each letter a message.
 *
 * <p>Behind each letter stands a cursor that says where its message ended, so a process that goes
 * on knows which messages it need not put aside again. That holds where the sink keeps cursors; in
 * another one a letter may come twice after a kill, and its stream and position tell.
 *
 * <p>Thread rule: any thread; letters wait for their turn, which is held while one is handed over.
 */
public final class DeadLetters implements AutoCloseable {
  private static final String SUFFIX = ".dead.";
  private static final String REST = "rest";

  /** How long one look at what is kept waits. */
  private static final Duration LOOK = Duration.ofMillis(64);

  private final Sink sink;
  private final String place;
  private final StreamId stream;
  private final String destination;

  /** Held while the sink is asked: whoever is told of a refusal, nobody passes it meanwhile. */
  private final ReentrantLock look = new ReentrantLock(true);

  /** Under the look. */
  private volatile long keptPosition;

  private volatile @Nullable PipeException failure;

  private final ReentrantLock turn = new ReentrantLock();

  /** With the turn, as is all below. The ends of what was put aside by this process. */
  private final Set<Long> ends = new HashSet<>();

  /** Everything refused up to there was put aside by an earlier process. */
  private long knownPosition = -1;

  private long highestPosition = -1;
  private boolean rest;
  private final AtomicLong count = new AtomicLong();

  private DeadLetters(Sink sink, String place, StreamId stream, String destination) {
    this.sink = sink;
    this.place = place;
    this.stream = stream;
    this.destination = destination;
  }

  /**
   * The dead letters of a stream. Blocks until it is known what an earlier process put aside.
   *
   * @param sink of the stream {@link #streamOf}, for messages; owned from here on
   * @param place where that is, for people
   * @param destination where the messages should have gone, without secrets
   * @param goesOn whether this is the stream that an earlier process moved; else it may be another
   *     one of that name, and nothing of it was put aside yet
   */
  public static DeadLetters open(
      Sink sink, String place, StreamId stream, String destination, boolean goesOn)
      throws PipeException, InterruptedException {
    DeadLetters letters = new DeadLetters(sink, place, stream, destination);
    Resume held = sink.resume();
    if (goesOn) {
      letters.goOn(held);
    }
    return letters;
  }

  /**
   * The stream of the dead letters of another one.
   *
   * @param destination where the messages should have gone: several may refuse those of one stream
   */
  public static StreamId streamOf(StreamId stream, String destination) {
    String suffix = SUFFIX + "%08x".formatted((int) digest(destination));
    String name = stream.value();
    if (name.getBytes(StandardCharsets.UTF_8).length + suffix.length()
        > StreamId.LENGTH_BYTES_MAX) {
      // The front would be the same for many; what tells them apart is all of it.
      name = "%016x".formatted(digest(name));
    }
    return new StreamId(name + suffix);
  }

  private static long digest(String text) {
    return Digest.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))).toLong();
  }

  /** Where they are, for people. */
  public String place() {
    return place;
  }

  /** How many messages of the stream were put aside, by this process and those before it. */
  public long count() {
    return count.get();
  }

  /** Whether an earlier process put aside all from a position on, since the sink was not there. */
  boolean rest() {
    turn.lock();
    try {
      return rest;
    } finally {
      turn.unlock();
    }
  }

  /** Whether the message that ends there was put aside. */
  boolean has(long endPosition) {
    turn.lock();
    try {
      return endPosition <= knownPosition || ends.contains(endPosition);
    } finally {
      turn.unlock();
    }
  }

  /**
   * Puts a message aside, unless it was. Blocks while too many are unconfirmed.
   *
   * @param payload stays as it is
   * @param ofRest whether everything behind it is put aside as well
   * @return the position to be given to {@link #await}; -1 when nothing is to be awaited
   */
  long put(long endPosition, ByteBuffer payload, Headers headers, Rejection why, boolean ofRest)
      throws PipeException, InterruptedException {
    turn.lockInterruptibly();
    try {
      if (has(endPosition)) {
        return -1;
      }
      BatchWriter letter = letter(endPosition, payload, headers, why);
      highestPosition = Math.max(highestPosition, endPosition);
      rest |= ofRest;
      long position = send(letter);
      ends.add(endPosition);
      return position;
    } finally {
      turn.unlock();
    }
  }

  /**
   * Keeps a message that its source has refused, and that is no part of the stream: nothing tells
   * whether an earlier process has kept it. Blocks until that is done.
   *
   * @param position where the stream stands
   * @param payload stays as it is
   */
  public void keep(long position, ByteBuffer payload, Headers headers, Rejection why)
      throws PipeException, InterruptedException {
    long end;
    turn.lockInterruptibly();
    try {
      end = send(letter(position, payload, headers, why));
    } finally {
      turn.unlock();
    }
    await(end);
  }

  /** With the turn, as are all that hand letters over. */
  private BatchWriter letter(long position, ByteBuffer payload, Headers headers, Rejection why)
      throws PipeException, InterruptedException {
    Headers all = headers(position, headers, why);
    BatchWriter batch = sink.newBatch(Records.lengthBytes(payload.remaining(), all.lengthBytes()));
    try {
      if (!batch.add(payload.duplicate(), all)) {
        throw new IllegalStateException("an empty batch has room for any message");
      }
      return batch;
    } catch (PipeException | RuntimeException e) {
      batch.close();
      throw e;
    }
  }

  /** The position behind it. */
  private long send(BatchWriter letter) throws PipeException, InterruptedException {
    letter.cursor(Cursor.of(highestPosition + " " + (count.get() + 1) + (rest ? " " + REST : "")));
    long position = write(letter);
    count.incrementAndGet();
    return position;
  }

  /** Everything up to there is committed where it goes; nobody asks for it any more. */
  void forgetUpTo(long endPosition) {
    turn.lock();
    try {
      knownPosition = Math.max(knownPosition, endPosition);
      ends.removeIf(each -> each <= endPosition);
    } finally {
      turn.unlock();
    }
  }

  /** Whether they can be kept no longer: none that is not kept ever will be. */
  boolean failed() {
    return failure != null;
  }

  /** Blocks until the letters before this position are kept. */
  void await(long position) throws PipeException, InterruptedException {
    long kept = keptPosition;
    while (kept < position) {
      kept = await(position, LOOK);
    }
  }

  /**
   * Up to where letters are kept, when those before this position are, or after about this long.
   *
   * @param timeout null for as long as it takes
   */
  long await(long position, @Nullable Duration timeout) throws PipeException, InterruptedException {
    if (timeout == null) {
      await(position);
      return keptPosition;
    }
    look.lockInterruptibly();
    try {
      return check(() -> sink.awaitCommitted(position, timeout));
    } finally {
      look.unlock();
    }
  }

  /** Up to where letters are kept. Never blocks. */
  long committed() throws PipeException {
    if (look.tryLock()) {
      try {
        return check(sink::committed);
      } catch (InterruptedException e) {
        throw new IllegalStateException("what never blocks cannot be interrupted", e);
      } finally {
        look.unlock();
      }
    }
    return keptPosition; // somebody else looks
  }

  /** Blocks until all of them are kept. */
  void finish() throws PipeException, InterruptedException {
    look.lockInterruptibly();
    try {
      check(() -> {
        sink.finish();
        return sink.committed();
      });
    } finally {
      look.unlock();
    }
  }

  void abort(String reason) {
    sink.abort(reason);
  }

  @Override
  public void close() {
    sink.close();
  }

  private void goOn(Resume held) {
    Cursor cursor = held.cursor();
    String[] words = cursor == null ? new String[0] : cursor.text().split(" ", -1);
    if (words.length < 2) {
      return;
    }
    turn.lock();
    try {
      knownPosition = Long.parseLong(words[0]);
      highestPosition = knownPosition;
      count.set(Long.parseLong(words[1]));
      rest = words.length > 2;
    } finally {
      turn.unlock();
    }
  }

  private Headers headers(long endPosition, Headers headers, Rejection why) throws PipeException {
    try {
      return new DeadLetter(why, destination, stream.value(), endPosition, Instant.now())
          .addTo(headers);
    } catch (IllegalArgumentException e) {
      throw new PipeException.Rejected(
          why.status(),
          "the message that ends at position "
              + endPosition
              + " of the stream "
              + stream
              + " was refused ("
              + why.reason()
              + "), and its own headers leave no room to say so: "
              + e.getMessage());
    }
  }

  private interface Answer {
    Committed get() throws PipeException, InterruptedException;
  }

  /** With the look. What fails once has failed for good: a refusal is told once only. */
  private long check(Answer answer) throws PipeException, InterruptedException {
    PipeException before = failure;
    if (before != null) {
      throw before;
    }
    try {
      Committed news = answer.get();
      refuse(news);
      keptPosition = Math.max(keptPosition, news.position());
      return keptPosition;
    } catch (PipeException e) {
      failure = e;
      throw e;
    }
  }

  private long write(BatchWriter batch) throws PipeException, InterruptedException {
    PipeException before = failure;
    if (before != null) {
      batch.close();
      throw before;
    }
    try {
      return sink.write(batch);
    } catch (PipeException e) {
      failure = e;
      throw e;
    }
  }

  private void refuse(Committed news) throws PipeException.Rejected {
    if (!news.rejected().isEmpty()) {
      Rejection why = news.rejected().getFirst().why();
      throw new PipeException.Rejected(
          why.status(),
          "a message of the stream "
              + stream
              + " was refused, and so was its dead letter by "
              + place
              + ": "
              + why.reason()
              + "; it is in nobody's hands, and nothing behind it counts as delivered: give --dlq"
              + " a place that takes it");
    }
  }

  /** For messages about them. */
  static String counted(long count) {
    return count == 1 ? "1 message is" : count + " messages are";
  }

  /** What to tell when a stream has ended and left some behind; null when it has not. */
  public static @Nullable PipeException ending(long count, String places) {
    return count == 0
        ? null
        : new PipeException.Rejected(
            Status.INVALID_ARGUMENT,
            counted(count) + " in the dead letters at " + places + "; everything else arrived");
  }
}
