package io.hostpipe.runtime.flow;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A source whose batches come at known moments of a virtual time. */
public final class ScriptedSource implements Source {
  private final Encoding encoding;
  private final BlockPool pool;
  private final VirtualWaiting time;
  private final ArrayDeque<Step> steps = new ArrayDeque<>();
  private long position;
  private @Nullable PipeException failure;
  private long committed;
  private boolean closed;

  /** A script without steps. */
  public ScriptedSource(Encoding encoding, BlockPool pool, VirtualWaiting time) {
    this.encoding = encoding;
    this.pool = pool;
    this.time = time;
  }

  /** These messages, or bytes, come at that moment as one batch. */
  public ScriptedSource at(long nanos, String... messages) {
    steps.add(new Step(nanos, messages));
    return this;
  }

  /** What happens after the last batch, instead of an end in good order. */
  ScriptedSource thenFails() {
    failure = new PipeException.Closed(Status.UNAVAILABLE, "broke");
    return this;
  }

  @Override
  public StreamId stream() {
    return new StreamId("script");
  }

  @Override
  public Encoding encoding() {
    return encoding;
  }

  @Override
  public boolean replayable() {
    return false;
  }

  @Override
  public boolean seek(Resume from) {
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException {
    return read(Duration.ofDays(1));
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException {
    Step next = steps.peek();
    if (next == null) {
      if (failure != null) {
        throw failure;
      }
      return null;
    }
    long waitNanos = next.atNanos - time.nowNanos();
    if (waitNanos > timeout.toNanos()) {
      time.pass(timeout.toNanos());
      return null;
    }
    time.pass(Math.max(0, waitNanos));
    steps.remove();
    try (BatchWriter writer = new BatchWriter(pool, encoding, 1 << 16)) {
      for (String each : next.messages) {
        writer.add(ByteBuffer.wrap(each.getBytes(StandardCharsets.UTF_8)));
      }
      long begin = position;
      position += writer.lengthBytes();
      writer.cursor(Cursor.of("at " + position));
      return writer.toBatch(stream(), begin);
    }
  }

  @Override
  public boolean finished() {
    return steps.isEmpty() && failure == null;
  }

  @Override
  public void commit(long position) {
    committed = position;
  }

  /** The last position that was committed. */
  public long committed() {
    return committed;
  }

  /** Whether it was closed. */
  public boolean closed() {
    return closed;
  }

  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    closed = true;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Step(long atNanos, String[] messages) {}
}
