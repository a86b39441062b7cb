package io.hostpipe.testkit;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A replayable source over a list of messages, one a batch, each with its place in the list as the
 * cursor; remembers what it was told.
 */
public final class ReplaySource implements Source {
  private final StreamId stream;
  private final BlockPool pool;
  private final List<String> messages;
  private final List<Long> borders = new ArrayList<>();
  private final List<Committed.Rejected> rejected = new ArrayList<>();
  private int index;
  private volatile long soughtPosition = -1;
  private volatile long committedPosition = -1;
  private volatile boolean closed;

  /** A source over these messages. */
  public ReplaySource(StreamId stream, BlockPool pool, List<String> messages) {
    this.stream = stream;
    this.pool = pool;
    this.messages = List.copyOf(messages);
    long position = 0;
    borders.add(position);
    for (String message : messages) {
      int lengthBytes = message.getBytes(StandardCharsets.UTF_8).length;
      position += Records.lengthBytes(lengthBytes, Headers.EMPTY.lengthBytes());
      borders.add(position);
    }
  }

  /** The position behind so many messages. */
  public long border(int count) {
    return borders.get(count);
  }

  /** Where it was told to go on; -1 before that. */
  public long soughtPosition() {
    return soughtPosition;
  }

  /** What it was told as committed; -1 before that. */
  public long committedPosition() {
    return committedPosition;
  }

  /** What it was told as refused. */
  public List<Committed.Rejected> rejected() {
    return rejected;
  }

  /** Whether it was closed. */
  public boolean closed() {
    return closed;
  }

  @Override
  public StreamId stream() {
    return stream;
  }

  @Override
  public Encoding encoding() {
    return Encoding.RECORDS;
  }

  @Override
  public boolean replayable() {
    return true;
  }

  @Override
  public boolean seek(Resume from) throws PipeException {
    soughtPosition = from.position();
    index = borders.indexOf(from.position());
    if (index < 0) {
      throw new PipeException.DataLoss("no message of this list ends at " + from.position());
    }
    Digest wanted = from.digest();
    if (wanted == null) {
      return false;
    }
    Digest found = Digest.EMPTY;
    for (int each = 0; each < index; each++) {
      try (Batch batch = batch(each)) {
        found = found.extend(batch.bytes());
      }
    }
    if (!wanted.equals(found)) {
      throw new PipeException.DataLoss("the sink holds other bytes: " + wanted + ", not " + found);
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException {
    if (closed) {
      throw new PipeException.Closed(io.hostpipe.Status.CANCELLED, "the list was closed");
    }
    return index < messages.size() ? batch(index++) : null;
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException {
    return read();
  }

  @Override
  public boolean finished() {
    return index == messages.size();
  }

  @Override
  public void commit(long position) {
    committedPosition = position;
  }

  @Override
  public void reject(long endPosition, Rejection why) {
    rejected.add(new Committed.Rejected(endPosition, why));
  }

  @Override
  public void close() {
    closed = true;
  }

  /** One message as a batch that the caller owns. */
  public Batch batch(int messageIndex) throws PipeException {
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 0)) {
      writer.add(ByteBuffer.wrap(messages.get(messageIndex).getBytes(StandardCharsets.UTF_8)));
      writer.cursor(Cursor.of("" + (messageIndex + 1)));
      return writer.toBatch(stream, borders.get(messageIndex));
    }
  }

  /** The messages from one index to another as one batch that the caller owns. */
  public Batch batch(int fromIndex, int toIndex) throws PipeException {
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 0)) {
      for (String message : messages.subList(fromIndex, toIndex)) {
        writer.add(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
      }
      writer.cursor(Cursor.of("" + toIndex));
      return writer.toBatch(stream, borders.get(fromIndex));
    }
  }
}
