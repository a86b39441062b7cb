package io.hostpipe.connector.grpc;

import io.grpc.HasByteBuffer;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.tls.Agreed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One bidirectional stream as a link: blocking on its users' side, callbacks on the transport's.
 *
 * <p>Flow control is by hand. At most {@link Carrying#ARRIVED_COUNT_MAX} chunks are asked of the
 * transport, one more for each that was read; what else the peer sends stays in the HTTP/2 window,
 * and then with the peer. A writer waits while the transport has {@link Carrying#QUEUED_BYTES_MAX}
 * that the socket did not take.
 *
 * <p>Locks: {@code lock} guards the state and is never held across a call into grpc-java but {@code
 * isReady}; {@code outgoing} keeps the outbound calls apart, which may come from one thread at a
 * time only. None of these calls blocks: they put work into the transport's queue.
 *
 * <p>Closing is gentle, as it is with a socket: what was written still goes out, and a moment later
 * all is torn down. {@link OpenLinks} waits for that when the process ends.
 */
abstract class GrpcLink implements Link {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition readable = lock.newCondition();
  private final Condition writable = lock.newCondition();
  private final ReentrantLock outgoing = new ReentrantLock();
  private final ArrayDeque<InputStream> arrived = new ArrayDeque<>();
  private boolean peerEnded;
  private boolean closed;
  private boolean over;
  private @Nullable String broken;

  /** What the last reader left of its chunk. */
  private @Nullable InputStream begun;

  /** Scratch memory of the writer, made by the first write. */
  private byte @Nullable [] step;

  /** Whether this side has ended its output; guarded by {@code outgoing}. */
  private boolean ended;

  /** What TLS below has agreed on, before anybody reads; null without it. */
  private volatile @Nullable Agreed agreed;

  // ------------------------------------------------------------- the stream itself

  /** Asks the transport for so many more chunks. */
  abstract void request(int count);

  /** Whether a chunk would go to the socket rather soon. */
  abstract boolean isReady();

  /** Queues one chunk. */
  abstract void send(Chunk chunk);

  /** Ends the output and goes on reading. */
  abstract void endOutput();

  /** Ends the stream behind what was queued; a moment later also if the peer does not answer. */
  abstract void end();

  // ------------------------------------------------------------- what the transport says

  final void onChunk(InputStream chunk) {
    boolean going;
    boolean taken = false;
    lock.lock();
    try {
      going = !closed && broken == null;
      if (going && lengthBytes(chunk) > Carrying.CHUNK_BYTES_MAX) {
        broken = "a chunk is longer than " + Carrying.CHUNK_BYTES_MAX + " bytes";
        writable.signalAll();
      } else if (going && isEmpty(chunk)) {
        peerEnded = true;
      } else if (going) {
        arrived.add(chunk);
        taken = true;
      }
      readable.signalAll();
    } finally {
      lock.unlock();
    }
    if (!taken) {
      discard(chunk);
    }
    if (!going) {
      request(1);
    }
  }

  final void onReady() {
    lock.lock();
    try {
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  final void onPeerEnded() {
    lock.lock();
    try {
      peerEnded = true;
      readable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The stream is over, whoever ended it.
   *
   * @param why for people; null when it was the peer, in good order
   */
  final void onOver(@Nullable String why) {
    lock.lock();
    try {
      over = true;
      peerEnded = true;
      broken = why;
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
    OpenLinks.remove(this);
  }

  final void onAgreed(@Nullable Agreed with) {
    agreed = with;
  }

  // ------------------------------------------------------------- the link

  @Override
  public String carrier() {
    return agreed == null ? "grpc" : "grpcs";
  }

  @Override
  public final byte @Nullable [] channelBinding() {
    Agreed now = agreed;
    return now == null ? null : now.binding();
  }

  @Override
  public final @Nullable String principal() {
    Agreed now = agreed;
    return now == null ? null : now.principal();
  }

  /** What was agreed and with whom, for people; empty without TLS. */
  final String description() {
    Agreed now = agreed;
    return now == null ? "" : now.description();
  }

  @Override
  public final long read(ByteBuffer[] targets) throws IOException {
    InputStream chunk = awaitChunk();
    if (chunk == null) {
      return -1;
    }
    long readBytes = 0;
    try {
      for (ByteBuffer target : targets) {
        readBytes += move(chunk, target);
      }
    } finally {
      giveBack(chunk);
    }
    return readBytes;
  }

  @Override
  public final void write(ByteBuffer[] buffers, int count) throws IOException {
    int first = 0;
    while (true) {
      while (first < count && !buffers[first].hasRemaining()) {
        first++;
      }
      if (first == count) {
        return;
      }
      awaitWritable();
      writeChunk(buffers, first, count);
    }
  }

  @Override
  public final void shutdownOutput() throws IOException {
    outgoing.lock();
    try {
      if (!ended && !isOver()) {
        ended = true;
        endOutput();
      }
    } finally {
      outgoing.unlock();
    }
  }

  @Override
  public final boolean isQuiet() {
    lock.lock();
    try {
      return !closed && !peerEnded && arrived.isEmpty() && begun == null;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String plainScheme() {
    return "raw+tcp";
  }

  @Override
  public final void close() {
    ArrayDeque<InputStream> unread;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      unread = new ArrayDeque<>(arrived);
      arrived.clear();
      if (begun != null) {
        unread.add(begun);
        begun = null;
      }
      readable.signalAll();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
    unread.forEach(GrpcLink::discard);
    outgoing.lock();
    try {
      ended = true;
      if (!isOver()) {
        end();
      }
    } finally {
      outgoing.unlock();
    }
    // What the peer still sends is thrown away, so that its end is seen behind it.
    request(Carrying.ARRIVED_COUNT_MAX);
  }

  // ------------------------------------------------------------- inside

  /** Whether the transport has seen the end of the stream. */
  final boolean isOver() {
    lock.lock();
    try {
      return over;
    } finally {
      lock.unlock();
    }
  }

  /** The reader's until it is given back. */
  private @Nullable InputStream awaitChunk() throws IOException {
    lock.lock();
    try {
      while (true) {
        if (closed) {
          throw new ClosedChannelException();
        }
        InputStream chunk = begun == null ? arrived.poll() : begun;
        begun = null;
        if (chunk != null) {
          return chunk;
        }
        if (broken != null) {
          throw new IOException(broken);
        }
        if (peerEnded) {
          return null;
        }
        await(readable);
      }
    } finally {
      lock.unlock();
    }
  }

  private void giveBack(InputStream chunk) {
    lock.lock();
    try {
      if (!closed && !isEmpty(chunk)) {
        begun = chunk;
        return;
      }
    } finally {
      lock.unlock();
    }
    discard(chunk);
    request(1);
  }

  private void awaitWritable() throws IOException {
    lock.lock();
    try {
      while (true) {
        checkWritable();
        if (isReady()) {
          return;
        }
        await(writable);
      }
    } finally {
      lock.unlock();
    }
  }

  private void checkWritable() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    if (over || broken != null) {
      throw new IOException(broken == null ? "the peer has ended the stream" : broken);
    }
  }

  /** As a channel does: the link of an interrupted thread breaks. */
  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private void await(Condition condition) throws IOException {
    try {
      condition.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      Thread.ofVirtual().name("hostpipe-closer").start(this::close);
      throw new IOException("interrupted", e);
    }
  }

  private void writeChunk(ByteBuffer[] buffers, int first, int count) throws IOException {
    ByteBuffer[] rest = new ByteBuffer[count - first];
    long restBytes = 0;
    for (int index = 0; index < rest.length; index++) {
      rest[index] = buffers[first + index];
      restBytes += rest[index].remaining();
    }
    byte[] scratch = step;
    if (scratch == null) {
      scratch = Chunk.newStep();
      step = scratch;
    }
    outgoing.lock();
    try {
      if (ended) {
        throw new ClosedChannelException();
      }
      send(new Chunk(rest, (int) Math.min(restBytes, Carrying.CHUNK_BYTES_MAX), scratch));
    } catch (IllegalStateException e) {
      // The call has ended between the question and the answer.
      throw new IOException("the stream is over", e);
    } finally {
      outgoing.unlock();
    }
  }

  private static long move(InputStream chunk, ByteBuffer target) throws IOException {
    long movedBytes = 0;
    HasByteBuffer direct =
        chunk instanceof HasByteBuffer has && has.byteBufferSupported() ? has : null;
    while (target.hasRemaining() && chunk.available() > 0) {
      int partBytes;
      if (direct != null) {
        ByteBuffer view = direct.getByteBuffer();
        partBytes = Math.min(view.remaining(), target.remaining());
        target.put(target.position(), view, view.position(), partBytes);
        target.position(target.position() + partBytes);
        chunk.skipNBytes(partBytes);
      } else {
        partBytes = Math.min(chunk.available(), target.remaining());
        target.put(chunk.readNBytes(partBytes));
      }
      movedBytes += partBytes;
    }
    return movedBytes;
  }

  private static boolean isEmpty(InputStream chunk) {
    return lengthBytes(chunk) == 0;
  }

  private static int lengthBytes(InputStream chunk) {
    try {
      return chunk.available();
    } catch (IOException e) {
      return 0;
    }
  }

  private static void discard(InputStream chunk) {
    try {
      chunk.close();
    } catch (IOException e) {
      // Its memory is released in any case.
    }
  }
}
