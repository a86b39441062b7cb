package io.hostpipe.runtime.tls;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Link;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One connection with TLS 1.3 around it, over the link that carries the records.
 *
 * <p><b>Agreeing.</b> Who dialed calls {@link #handshake} before anybody else has the link. Who
 * accepted agrees in its first read, on the thread that waits for the greeting and under its
 * deadline; until then a write fails.
 *
 * <p><b>Reading.</b> Ciphertext is gathered in {@code in} until a whole record is there. A record
 * that fits is decrypted straight to where its reader wants it, one that does not into {@code
 * plain}, from where it is copied. While little comes, {@code in} is the small buffer that the link
 * owns; while much comes, a large one that is lent and given back as soon as a read brings little.
 *
 * <p><b>Writing.</b> Several records are encrypted into one lent buffer and written at once.
 *
 * <p><b>Ends.</b> The peer's close_notify, and the end of the carrier without one, are an end of
 * the link, never of a stream. What the engine wants to say while somebody reads (the answer to a
 * key update) is said by the next write, since a reader never writes.
 *
 * <p>Thread rule: as {@link Link}. The reader owns {@code in} and {@code plain}, the writer what it
 * lent; the engine has its own lock.
 */
public final class TlsLink implements Link {
  private static final int HEADER_BYTES = FirstRecord.HEADER_BYTES;
  private static final int IDLE_BYTES = 1 << 10;
  private static final long DRAINED_BYTES_MAX = 64 << 10;

  /** Who writes: nobody, somebody, somebody behind whom the output ends, nobody any more. */
  private static final int QUIET = 0;

  private static final int WRITING = 1;
  private static final int WRITING_LAST = 2;
  private static final int ENDED = 3;

  private final Link carrier;
  private final TlsSide side;
  private final TlsSchemes schemes;
  private final SSLEngine engine;
  private final ByteBuffer idle = ByteBuffer.allocate(IDLE_BYTES);
  private final AtomicInteger output = new AtomicInteger(QUIET);
  private ByteBuffer in = idle.flip();
  private boolean large;
  private @Nullable ByteBuffer plain;
  private int lastFillBytes;
  private boolean firstChecked;
  private volatile @Nullable Agreed agreed;

  /** Nothing is agreed yet: for who dialed, {@link #handshake} comes next. */
  TlsLink(Link carrier, TlsSide side, TlsSchemes schemes) {
    this.carrier = carrier;
    this.side = side;
    this.schemes = schemes;
    this.engine = side.engine();
  }

  @Override
  public long read(ByteBuffer[] targets) throws IOException {
    if (agreed == null) {
      handshake();
    }
    ByteBuffer held = plain;
    if (held != null) {
      return drain(held, targets);
    }
    try {
      return decrypt(targets);
    } catch (SSLException e) {
      throw failed(e);
    }
  }

  @Override
  public void write(ByteBuffer[] buffers, int count) throws IOException {
    if (agreed == null) {
      throw new IOException(peer() + ": TLS is not agreed yet");
    }
    if (!output.compareAndSet(QUIET, WRITING)) {
      throw new IOException(peer() + ": the output has ended");
    }
    try {
      encrypt(buffers, count);
    } finally {
      if (!output.compareAndSet(WRITING, QUIET)) {
        end();
      }
    }
  }

  @Override
  public void shutdownOutput() throws IOException {
    if (output.compareAndSet(QUIET, ENDED)) {
      end();
    } else {
      output.compareAndSet(WRITING, WRITING_LAST);
    }
  }

  @Override
  public boolean isQuiet() {
    return plain == null && !in.hasRemaining() && !engine.isInboundDone() && carrier.isQuiet();
  }

  @Override
  public String peer() {
    return carrier.peer();
  }

  @Override
  public String carrier() {
    return "tls";
  }

  @Override
  public byte @Nullable [] channelBinding() {
    Agreed now = agreed;
    return now == null ? null : now.binding();
  }

  @Override
  public @Nullable String principal() {
    Agreed now = agreed;
    return now == null ? null : now.principal();
  }

  /** The certificate that the peer has shown; null when it was asked for none. */
  public @Nullable X509Certificate peerCertificate() {
    Agreed now = agreed;
    return now == null ? null : now.certificate();
  }

  /** What was agreed and how the peer was known, for people. */
  public String description() {
    Agreed now = agreed;
    return now == null ? "nothing is agreed yet" : now.description();
  }

  @Override
  public void close() {
    carrier.close();
  }

  // ---------------------------------------------------------------- agreeing

  /**
   * Agrees with the peer; the calling thread reads and writes.
   *
   * @throws PipeException.Refused when one side does not take the other
   * @throws IOException when the connection broke
   */
  void handshake() throws IOException {
    ByteBuffer out = NetBuffers.RECORDS.take();
    ByteBuffer scratch = NetBuffers.PLAIN.take();
    try {
      checkFirstRecord(side.dials());
      engine.beginHandshake();
      while (step(out, scratch)) {
        checkFirstRecord(true);
      }
      agreed = side.agreed(engine.getSession());
    } catch (SSLException e) {
      sayLastWords(out);
      throw failed(e);
    } finally {
      NetBuffers.RECORDS.give(out);
      NetBuffers.PLAIN.give(scratch);
    }
  }

  /** Takes one step; whether there may be another. */
  private boolean step(ByteBuffer out, ByteBuffer scratch) throws IOException {
    switch (engine.getHandshakeStatus()) {
      case FINISHED, NOT_HANDSHAKING -> {
        return false;
      }
      case NEED_TASK -> runTasks();
      case NEED_WRAP -> {
        if (wrapAndWrite(out).getStatus() == SSLEngineResult.Status.CLOSED) {
          throw new EOFException(peer() + " ended TLS while agreeing on it");
        }
      }
      case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
        awaitRecord();
        SSLEngineResult result = engine.unwrap(in, scratch.clear());
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
          throw new EOFException(peer() + " ended TLS while agreeing on it");
        }
      }
    }
    return true;
  }

  /**
   * Looks at the first bytes of the peer: one that speaks no TLS is told from one that speaks it
   * badly, and hears in its own words where it is.
   *
   * @param later whether this side has to say something before the peer speaks
   */
  private void checkFirstRecord(boolean later) throws IOException {
    boolean waits = engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_UNWRAP;
    if (firstChecked || (later && !waits)) {
      return;
    }
    firstChecked = true;
    while (in.remaining() < HEADER_BYTES) {
      if (!fill(HEADER_BYTES)) {
        throw new EOFException(peer() + " ended the connection before it agreed on TLS");
      }
    }
    if (FirstRecord.beginsAt(in)) {
      return;
    }
    if (side.dials()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          peer()
              + " speaks no TLS, it answered '"
              + FirstRecord.shown(in)
              + "'; "
              + schemes.plain()
              + ":// dials a Hostpipe without TLS");
    }
    if (FrameCodec.beginsSession(in)) {
      sayInTheClear("this port speaks TLS; dial it with " + schemes.secured() + "://");
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "dialed without TLS; this port is for " + schemes.secured() + "://");
    }
    throw new PipeException.Refused(
        Status.INVALID_ARGUMENT,
        "speaks no TLS, it began with '"
            + FirstRecord.shown(in)
            + "'; this port is for "
            + schemes.secured()
            + "://, plain programs connect to raw+tcp-listen");
  }

  private void sayInTheClear(String reason) {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(new Frame.Failure(Status.FAILED_PRECONDITION.code(), reason), out);
    try {
      carrier.write(new ByteBuffer[] {out.flip()}, 1);
      leave();
    } catch (IOException e) {
      // It is gone, and cannot hear it.
    }
  }

  /** The alert that tells the peer why; what it does with it is its own affair. */
  private void sayLastWords(ByteBuffer out) {
    try {
      while (engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_WRAP) {
        if (wrapAndWrite(out).bytesProduced() == 0) {
          break;
        }
      }
      leave();
    } catch (IOException e) {
      // It is gone, and cannot hear why.
    }
  }

  /**
   * Nothing more will be said. To close at once would reset the connection where the peer has sent
   * more, and it might never read why it was turned away; so who listens waits, under the deadline
   * of the greeting, until the peer leaves.
   */
  private void leave() throws IOException {
    carrier.shutdownOutput();
    long drainedBytes = 0;
    while (!side.dials() && drainedBytes < DRAINED_BYTES_MAX) {
      long readBytes = carrier.read(new ByteBuffer[] {idle.clear()});
      if (readBytes < 0) {
        return;
      }
      drainedBytes += readBytes;
    }
  }

  private SSLEngineResult wrapAndWrite(ByteBuffer out) throws IOException {
    SSLEngineResult result = engine.wrap(ByteBuffer.allocate(0), out.clear());
    if (out.flip().hasRemaining()) {
      carrier.write(new ByteBuffer[] {out}, 1);
    }
    return result;
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  private IOException failed(SSLException failure) {
    return side.failed(failure, peer());
  }

  // ---------------------------------------------------------------- reading

  /** As many whole records as have come and fit; blocks for the first. */
  private long decrypt(ByteBuffer[] targets) throws IOException {
    long total = 0;
    while (!engine.isInboundDone()) {
      int lengthBytes = recordBytes();
      if (lengthBytes == 0) {
        if (total > 0) {
          return total;
        }
        if (!fill(neededBytes())) {
          if (in.hasRemaining()) {
            throw new EOFException(peer() + ": the connection ended inside a TLS record");
          }
          return -1;
        }
        continue;
      }
      boolean fits = remaining(targets) >= lengthBytes;
      if (!fits && total > 0) {
        return total;
      }
      if (fits) {
        total += unwrap(engine.unwrap(in, targets));
      } else {
        ByteBuffer held = NetBuffers.PLAIN.take();
        unwrap(engine.unwrap(in, held));
        plain = held.flip();
        total += drain(held, targets);
      }
    }
    return total > 0 ? total : -1;
  }

  private int unwrap(SSLEngineResult result) throws SSLException {
    if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW
        || result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
      throw new SSLException("a record of a length that cannot be: " + result);
    }
    if (result.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_TASK) {
      runTasks();
    }
    return result.bytesProduced();
  }

  /** Copies what a record held beyond what its reader had room for. */
  private long drain(ByteBuffer held, ByteBuffer[] targets) {
    long total = 0;
    for (ByteBuffer target : targets) {
      int lengthBytes = Math.min(held.remaining(), target.remaining());
      target.put(held.slice(held.position(), lengthBytes));
      held.position(held.position() + lengthBytes);
      total += lengthBytes;
    }
    if (!held.hasRemaining()) {
      plain = null;
      NetBuffers.PLAIN.give(held);
    }
    return total;
  }

  private static long remaining(ByteBuffer[] targets) {
    long total = 0;
    for (ByteBuffer target : targets) {
      total += target.remaining();
    }
    return total;
  }

  /** The length of the next record with its header; 0 while it is not here as a whole. */
  private int recordBytes() {
    int neededBytes = neededBytes();
    return in.remaining() < neededBytes ? 0 : neededBytes;
  }

  /** How many bytes have to be here before anything can be done with them. */
  private int neededBytes() {
    return in.remaining() < HEADER_BYTES
        ? HEADER_BYTES
        : HEADER_BYTES + (in.getShort(in.position() + 3) & 0xFFFF);
  }

  private void awaitRecord() throws IOException {
    while (recordBytes() == 0) {
      if (!fill(neededBytes())) {
        throw new EOFException(peer() + " ended the connection while agreeing on TLS");
      }
    }
  }

  /** Reads once, as much as there is room for; false at the end of the carrier. Blocks. */
  private boolean fill(int neededBytes) throws IOException {
    if (neededBytes > NetBuffers.RECORD_BYTES_MAX) {
      throw new SSLException("a record of " + neededBytes + " bytes is longer than TLS allows");
    }
    makeRoom(neededBytes);
    long readBytes;
    try {
      readBytes = carrier.read(new ByteBuffer[] {in});
    } finally {
      in.flip();
    }
    lastFillBytes = (int) readBytes;
    return readBytes >= 0;
  }

  /** Leaves {@code in} ready to be read into, behind what it holds. */
  private void makeRoom(int neededBytes) {
    if (large && !in.hasRemaining() && lastFillBytes <= IDLE_BYTES) {
      NetBuffers.RECORDS.give(in);
      in = idle.clear();
      large = false;
    } else if (!large && (neededBytes > IDLE_BYTES || lastFillBytes == IDLE_BYTES)) {
      in = NetBuffers.RECORDS.take().put(in);
      large = true;
    } else {
      in.compact();
    }
  }

  // ---------------------------------------------------------------- writing

  private void encrypt(ByteBuffer[] buffers, int count) throws IOException {
    ByteBuffer out = NetBuffers.RECORDS.take();
    try {
      int first = 0;
      while (true) {
        while (first < count && !buffers[first].hasRemaining()) {
          first++;
        }
        if (first == count || out.remaining() < NetBuffers.RECORD_BYTES_MAX) {
          carrier.write(new ByteBuffer[] {out.flip()}, 1);
          out.clear();
        }
        if (first == count) {
          return;
        }
        SSLEngineResult result = engine.wrap(buffers, first, count - first, out);
        if (result.getStatus() != SSLEngineResult.Status.OK) {
          throw new EOFException(peer() + ": TLS has ended");
        }
      }
    } finally {
      NetBuffers.RECORDS.give(out);
    }
  }

  /** Says close_notify, and then nothing more. */
  private void end() throws IOException {
    ByteBuffer out = NetBuffers.RECORDS.take();
    try {
      engine.closeOutbound();
      while (!engine.isOutboundDone() && agreed != null) {
        if (wrapAndWrite(out).bytesProduced() == 0) {
          break;
        }
      }
    } finally {
      output.set(ENDED);
      NetBuffers.RECORDS.give(out);
    }
    carrier.shutdownOutput();
  }
}
