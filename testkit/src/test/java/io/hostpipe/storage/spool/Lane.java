package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a simulated spool beside the simplest spool there is, an array: what was written,
 * and how much of that was promised.
 */
final class Lane {
  private final StreamId id;
  private final TreeMap<Long, Cursor> cursors = new TreeMap<>();
  private byte[] content = new byte[0];
  private boolean ended;
  private long epoch;

  // What was promised.
  private long ackedPosition;
  private boolean ackedEnd;
  private long ackedEpoch;

  /** What its reader let go of. */
  private long committed;

  /** It was to be removed, and may be there still. */
  private boolean forgotten;

  private long readPosition;

  /** Up to where a reader was ever given it. */
  private long handedOn;

  /** Whether what a reader was given has to survive, as with {@code --spool-sync before}. */
  private boolean keepsWhatIsHandedOn;

  private @Nullable Spool spool;
  private @Nullable SpoolStream stream;
  private @Nullable Sink sink;
  private @Nullable Source source;

  Lane(String name) {
    this.id = new StreamId(name);
  }

  void keepWhatIsHandedOn() {
    keepsWhatIsHandedOn = true;
  }

  /** A copy of what is known, for another future. */
  Lane copy() {
    Lane copy = new Lane(id.value());
    copy.cursors.putAll(cursors);
    copy.content = content;
    copy.ended = ended;
    copy.epoch = epoch;
    copy.ackedPosition = ackedPosition;
    copy.ackedEnd = ackedEnd;
    copy.ackedEpoch = ackedEpoch;
    copy.committed = committed;
    copy.forgotten = forgotten;
    copy.handedOn = handedOn;
    copy.keepsWhatIsHandedOn = keepsWhatIsHandedOn;
    return copy;
  }

  boolean ended() {
    return ended;
  }

  long lengthBytes() {
    return content.length;
  }

  /** Everything that was written is promised. */
  boolean settled() {
    return ackedPosition == content.length && ackedEnd == ended && ackedEpoch == epoch;
  }

  /** Opens the stream and compares what it has with what was promised. */
  void open(Spool opened) throws PipeException, InterruptedException {
    Resume held = opened.held(id);
    if (forgotten) {
      if (held == null) {
        beginAnew();
      }
      forgotten = false;
    }
    SpoolStream found = opened.open(id, Encoding.RAW);
    Resume from = found.held();
    assertThat(held == null ? 0 : held.position())
        .as("what is told of it")
        .isEqualTo(from.position());
    assertThat(from.position())
        .as("a promise of " + id)
        .isBetween(ackedPosition, (long) content.length);
    if (keepsWhatIsHandedOn) {
      assertThat(from.position())
          .as("what a reader of " + id + " was given")
          .isGreaterThanOrEqualTo(handedOn);
    }
    assertThat(from.epoch()).as("a fence of " + id).isBetween(ackedEpoch, epoch);
    if (ackedEnd) {
      assertThat(found.finished()).as("the promised end of " + id).isTrue();
    }
    if (found.finished()) {
      assertThat(ended).as("an end that was written").isTrue();
      assertThat(from.position()).isEqualTo(content.length);
    }
    // What was not promised may be gone, and what comes in its place may be different.
    content = Arrays.copyOf(content, (int) from.position());
    cursors.tailMap(from.position(), false).clear();
    ended = found.finished();
    epoch = from.epoch();
    assertThat(from.digest()).as("the digest of " + id).isEqualTo(digest(content.length));
    assertThat(from.cursor())
        .as("the cursor of " + id)
        .isEqualTo(cursors.isEmpty() ? null : cursors.lastEntry().getValue());
    spool = opened;
    stream = found;
    sink = found.sink();
    source = found.source(false);
    // What is found counts as safe from here on.
    ackedPosition = content.length;
    ackedEnd = ended;
    ackedEpoch = epoch;
    long heldFrom = found.stats().heldFrom();
    assertThat(heldFrom).as("what nobody let go of " + id).isLessThanOrEqualTo(committed);
    readPosition = Math.max(heldFrom, Math.min(committed, content.length));
    assertThat(source.seek(new Resume(readPosition, null, digest(readPosition)))).isTrue();
  }

  void write(RandomGenerator random, int lengthBytes) throws PipeException, InterruptedException {
    if (ended || sink == null) {
      return;
    }
    byte[] bytes = new byte[lengthBytes];
    random.nextBytes(bytes);
    int before = content.length;
    content = Arrays.copyOf(content, before + lengthBytes);
    System.arraycopy(bytes, 0, content, before, lengthBytes);
    BatchWriter batch = sink.newBatch(lengthBytes);
    batch.addBytes(ByteBuffer.wrap(bytes));
    if (random.nextInt(3) > 0) {
      Cursor cursor = Cursor.of("c" + random.nextInt());
      batch.cursor(cursor);
      cursors.put((long) content.length, cursor);
    }
    sink.write(batch);
  }

  void finish() throws PipeException {
    if (spool != null && sink instanceof SpoolSink own) {
      ended = true;
      spool.lock.lock();
      try {
        own.beginFinish();
      } finally {
        spool.lock.unlock();
      }
    }
  }

  void fence() throws PipeException {
    if (spool != null && !ended && sink instanceof SpoolSink own) {
      epoch++;
      spool.lock.lock();
      try {
        own.beginFence(epoch);
      } finally {
        spool.lock.unlock();
      }
    }
  }

  /** Removes it, and begins it anew with other bytes. */
  void forget() throws PipeException, InterruptedException {
    Spool here = spool;
    if (here != null && sink != null) {
      hear();
      close();
      forgotten = true;
      here.forget(id);
      assertThat(here.held(id)).isNull();
      open(here);
    }
  }

  private void beginAnew() {
    content = new byte[0];
    cursors.clear();
    ended = false;
    epoch = 0;
    ackedPosition = 0;
    ackedEnd = false;
    ackedEpoch = 0;
    committed = 0;
    handedOn = 0;
  }

  /** Reads on, at most so many batches, and compares. */
  void read(int batchesMax) throws PipeException, InterruptedException {
    for (int each = 0; each < batchesMax && source != null; each++) {
      try (Batch batch = source.read(Duration.ZERO)) {
        if (batch == null) {
          return;
        }
        assertThat(batch.position()).isEqualTo(readPosition);
        byte[] bytes = new byte[batch.lengthBytes()];
        batch.bytes().get(bytes);
        int from = (int) readPosition;
        assertThat(batch.endPosition()).isLessThanOrEqualTo(content.length);
        assertThat(Arrays.equals(bytes, 0, bytes.length, content, from, from + bytes.length))
            .as("the bytes of " + id + " from position " + from)
            .isTrue();
        readPosition = batch.endPosition();
        handedOn = Math.max(handedOn, readPosition);
      }
    }
  }

  /** Reads all that is written; whether that was all. */
  boolean readAll() throws PipeException, InterruptedException {
    read(Integer.MAX_VALUE);
    return readPosition == content.length && (source == null || source.finished() == ended);
  }

  /** Goes somewhere else in what is held. */
  void seek(RandomGenerator random) throws PipeException, InterruptedException {
    if (stream != null && source != null) {
      SpoolStream.Stats stats = stream.stats();
      long from = Math.max(stats.heldFrom(), committed);
      readPosition = from == stats.written() ? from : random.nextLong(from, stats.written() + 1);
      assertThat(source.seek(new Resume(readPosition, null, digest(readPosition)))).isTrue();
    }
  }

  void commit(RandomGenerator random) throws PipeException {
    if (source != null) {
      // Committed is only what was acknowledged: a sink beyond it would have lost its stream.
      long upTo = Math.min(readPosition, ackedPosition);
      committed = committed >= upTo ? committed : random.nextLong(committed, upTo + 1);
      source.commit(committed);
    }
  }

  void commitAll() throws PipeException {
    if (source != null) {
      committed = Math.max(committed, Math.min(readPosition, ackedPosition));
      source.commit(committed, null);
    }
  }

  /** What the spool promises now. */
  void hear() throws PipeException {
    if (stream != null && sink != null) {
      ackedPosition = Math.max(ackedPosition, sink.committed().position());
      Place synced = stream.synced();
      ackedEnd |= synced.finished();
      ackedEpoch = Math.max(ackedEpoch, synced.epoch());
    }
  }

  void close() {
    if (sink != null && source != null) {
      sink.close();
      source.close();
    }
    sink = null;
    source = null;
    stream = null;
  }

  private Digest digest(long position) {
    return Digest.of(ByteBuffer.wrap(content, 0, (int) position));
  }
}
