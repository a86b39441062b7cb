package io.hostpipe.spi;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Bytes as a source, cut at places that a seed decides, with a cursor of its own at each cut. */
class ByteSource implements Source {
  static final StreamId STREAM = new StreamId("bytes");

  private final byte[] content;
  private final int cutBytesMax;
  private final BlockPool pool;
  private final Random random;
  private final boolean replayable;
  private int index;
  private boolean closed;

  @Nullable Resume sought;
  final List<Long> committed = new ArrayList<>();

  ByteSource(byte[] content, int cutBytesMax, long seed, boolean replayable, BlockPool pool) {
    this.content = content;
    this.cutBytesMax = cutBytesMax;
    this.random = new Random(seed);
    this.replayable = replayable;
    this.pool = pool;
  }

  @Override
  public StreamId stream() {
    return STREAM;
  }

  @Override
  public Encoding encoding() {
    return Encoding.RAW;
  }

  @Override
  public boolean replayable() {
    return replayable;
  }

  @Override
  public boolean seek(Resume from) throws PipeException {
    if (from.position() > 0 && !replayable) {
      throw new PipeException.Refused(Status.FAILED_PRECONDITION, "bytes cannot go back");
    }
    Cursor cursor = from.cursor();
    if (cursor != null && !cursor.text().equals("at " + from.cursorPosition())) {
      throw new PipeException.DataLoss(cursor.text() + " is not " + from.cursorPosition());
    }
    sought = from;
    index = (int) from.position();
    var digest = from.digest();
    if (digest == null) {
      return index == 0;
    }
    if (!io.hostpipe.Digest.of(ByteBuffer.wrap(content, 0, index)).equals(digest)) {
      throw new PipeException.DataLoss("other bytes before " + index);
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException {
    if (closed) {
      throw new PipeException.Closed(Status.CANCELLED, "bytes were closed");
    }
    if (index == content.length) {
      return null;
    }
    int lengthBytes = Math.min(1 + random.nextInt(cutBytesMax), content.length - index);
    Block block = pool.take(lengthBytes);
    block.buffer().put(content, index, lengthBytes).flip();
    int begin = index;
    index += lengthBytes;
    return new Batch(STREAM, Encoding.RAW, begin, block.buffer(), block, Cursor.of("at " + index));
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException {
    return read();
  }

  @Override
  public boolean finished() {
    return index == content.length;
  }

  @Override
  public void commit(long position) {
    committed.add(position);
  }

  @Override
  public void reject(long endPosition, Rejection why) {
    throw new IllegalStateException("bytes have no messages: " + endPosition + " " + why);
  }

  @Override
  public void close() {
    closed = true;
  }

  /** The bytes before a position. */
  byte[] upTo(long position) {
    return Arrays.copyOf(content, (int) position);
  }
}
