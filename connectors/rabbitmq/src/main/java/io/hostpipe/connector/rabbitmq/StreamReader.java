package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.spi.Inbox;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a stream in their order, over one connection. Chunks come as fast as they are read:
 * several while they are small, and for each of them that was read to its end another one.
 *
 * <p>Thread rule: as {@link Inbox}.
 */
final class StreamReader implements AutoCloseable, StreamConnection.Listener {
  /** How many chunks may be here or on their way, whatever their size. */
  private static final int CHUNKS_MIN = 2;

  /**
   * And as long as they are together less than {@link #MUCH_BYTES}, by the size of the last; one
   * more with each that comes, as large ones may be behind a few that are small.
   */
  private static final int CHUNKS_MAX = 16;

  private static final long MUCH_BYTES = 4L << 20;

  private static final int LOOK = 0;
  private static final int READ = 1;

  /** What a message takes in memory beside its bytes, about. */
  private static final long MESSAGE_BYTES = 160;

  /** A message, and whether it is the last one of its chunk. */
  record Arrived(StreamChunk.Message message, boolean last) {
    long heldBytes() {
      return MESSAGE_BYTES + message.bytes().remaining();
    }
  }

  private final String where;
  private final Inbox<Arrived> inbox = new Inbox<>(Arrived::heldBytes);

  /** How many chunks the server may send, or has sent that are not read to their end. */
  private final AtomicInteger chunks = new AtomicInteger(CHUNKS_MIN);

  private final StreamConnection connection;
  private final Streams streams;

  /** How many there may be at most by now. */
  private volatile int chunksMax = CHUNKS_MIN;

  /** How long the last one was; before the first one, as long as one may be. */
  private volatile int chunkBytes = (int) MUCH_BYTES;

  private final AtomicReference<@Nullable StreamChunk> shown = new AtomicReference<>();

  /** The place behind the last message that there was when reading began. */
  private final StreamCursor end;

  /** Messages before it are not wanted. */
  private volatile long leastOffset;

  private volatile @Nullable PipeException failure;

  private StreamReader(
      StreamOptions options, @Nullable StreamCursor behind, Suspicion suspicion, int tries)
      throws PipeException, InterruptedException {
    this.where = options.address().toString();
    this.connection = Keepers.connect(options, this, tries);
    boolean opened = false;
    try {
      this.streams = new Streams(connection, options);
      streams.checkExists(behind != null);
      StreamChunk last = streams.last(LOOK, () -> shown.getAndSet(null));
      end =
          last == null
              ? new StreamCursor(-1, 0)
              : new StreamCursor(last.lastOffset(), last.timeMillis());
      begin(options, behind, suspicion);
      opened = true;
    } finally {
      if (!opened) {
        connection.close();
      }
    }
  }

  /**
   * Begins to read.
   *
   * @param behind the place behind which it goes on, whose own message is the first to come; null
   *     for where the options say that a new reader does
   * @param suspicion what was found over other connections
   * @param tries how many connections were tried before
   */
  static StreamReader open(
      StreamOptions options, @Nullable StreamCursor behind, Suspicion suspicion, int tries)
      throws PipeException, InterruptedException {
    return new StreamReader(options, behind, suspicion, tries);
  }

  private void begin(StreamOptions options, @Nullable StreamCursor behind, Suspicion suspicion)
      throws PipeException, InterruptedException {
    if (behind != null) {
      if (lastOffset() < behind.offset()) {
        String what =
            where
                + ": the stream ends with offset "
                + lastOffset()
                + ", and was read up to offset "
                + behind.offset()
                + " before";
        throw suspicion.of(
            List.of(lastOffset(), behind.offset()),
            what,
            new PipeException.DataLoss(
                what + ": it was deleted and made again, or the servers lost what they had"));
      }
      beginAt(behind.offset(), behind.offset());
      return;
    }
    switch (options.from().place()) {
      case BEGIN -> streams.subscribeFromBegin(READ, CHUNKS_MIN);
      case END -> beginAt(lastOffset(), lastOffset());
      case NUMBER ->
          beginAt(Math.min(options.from().number(), lastOffset()), options.from().number());
      case TIME -> streams.subscribeFromTime(READ, options.from().number(), CHUNKS_MIN);
    }
  }

  private void beginAt(long offset, long wanted) throws PipeException, InterruptedException {
    leastOffset = wanted;
    if (offset <= 0) {
      streams.subscribeFromBegin(READ, CHUNKS_MIN);
    } else {
      streams.subscribeFrom(READ, offset, CHUNKS_MIN);
    }
  }

  Inbox<Arrived> inbox() {
    return inbox;
  }

  /** Why no more comes; null while it may. */
  @Nullable PipeException failure() {
    return failure;
  }

  /** Of the last message that there was when reading began; -1 when there was none. */
  long lastOffset() {
    return end.offset();
  }

  /** When that message was written; 0 when there was none. */
  long lastTimeMillis() {
    return end.timeMillis();
  }

  /** The place behind that message. */
  StreamCursor end() {
    return end;
  }

  /** A message was read: behind the last one of a chunk the server may send more. */
  void read(Arrived message) {
    if (message.last()) {
      chunks.decrementAndGet();
      try {
        askForMore();
      } catch (PipeException e) {
        // Nothing more comes over this connection, as it says itself.
      }
    }
  }

  /** So many chunks more as there may be. Any thread. */
  private void askForMore() throws PipeException {
    long room = (MUCH_BYTES - inbox.heldBytes()) / Math.max(1, chunkBytes);
    int most = Math.clamp(room, CHUNKS_MIN, chunksMax);
    int before = chunks.getAndUpdate(now -> Math.max(now, most));
    if (before < most) {
      streams.credit(READ, most - before);
    }
  }

  @Override
  public void delivered(int subscription, StreamChunk chunk) throws PipeException {
    if (subscription == LOOK) {
      shown.set(chunk);
      return;
    }
    List<StreamChunk.Message> messages = chunk.messages(where);
    int count = messages.size();
    boolean none = true;
    try {
      for (int index = 0; index < count; index++) {
        StreamChunk.Message message = messages.get(index);
        if (message.offset() >= leastOffset) {
          none = false;
          inbox.put(new Arrived(message, index == count - 1 && chunk.ends()));
        }
      }
      chunkBytes = chunk.data().remaining();
      if (chunk.ends()) {
        chunksMax = Math.min(CHUNKS_MAX, chunksMax + 1);
        chunks.addAndGet(none ? -1 : 0);
        askForMore();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void lost(PipeException why) {
    failure = Objects.requireNonNullElse(failure, why);
    inbox.end();
  }

  @Override
  public void close() {
    inbox.close();
    connection.close();
  }
}
