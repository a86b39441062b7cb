package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.ForwardingSource;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a program makes of another source's stream: that source feeds its stdin, and its stdout is
 * this source.
 *
 * <p>Bytes in and bytes out do not correspond, so nothing can be said of a part: the other source
 * is told of a commit once, of all of its stream, when the program has ended with status 0 after
 * the end of its input and everything that it wrote is committed. Until then it is told that
 * commits come at the end ({@link Source#commitsComeAtEnd}), so that a link does not wait for them
 * with a full window.
 *
 * <p>Three threads: the caller's, the one of {@link PumpedSource} that reads stdout, and a feeder.
 * The fed source belongs to the feeder from the first read to the program's end, then to the
 * caller. A failure of the fed source kills the program, so that what is behind sees an abort and
 * no end; an early end of the program closes the fed source. States of the feeder: feeding, then
 * one of fed, failed.
 */
final class ThroughSource extends ForwardingSource {
  private static final int CHUNK_BYTES = 64 << 10;

  private final Program program;
  private final PipeContext context;
  private final PumpedSource output;
  private volatile @Nullable PipeException feedingFailure;
  private volatile boolean wholeFed;
  private volatile long fedBytes;
  private volatile @Nullable Digest fedDigest;
  private long endPosition;

  /** Takes over the source; the program is started with the first read. */
  ThroughSource(Source fed, Program program, PipeContext context) throws PipeException {
    super(fed);
    LocalConnector.checkRaw(fed.encoding(), "the program '" + program.shown() + "'");
    this.program = program;
    this.context = context;
    this.output =
        new PumpedSource(
            fed.stream(),
            "the program '" + program.shown() + "'",
            context.pool(),
            this::begin,
            () -> {},
            -1);
  }

  @Override
  public boolean wantsCommits() {
    return false;
  }

  @Override
  public Encoding encoding() {
    return Encoding.RAW;
  }

  /** What a program writes is its own, whoever wrote what it read. */
  @Override
  public long epoch() {
    return 0;
  }

  @Override
  public boolean replayable() {
    return false;
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    output.seek(from);
    boolean verified = inner.seek(Resume.START);
    inner.commitsComeAtEnd();
    return verified;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return counted(output.read());
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return counted(output.read(timeout));
  }

  @Override
  public boolean finished() {
    return output.finished();
  }

  @Override
  public void commit(long position) throws PipeException {
    if (position == endPosition && finished()) {
      inner.commit(fedBytes);
    }
  }

  @Override
  public void commit(long position, @Nullable Digest digest) throws PipeException {
    if (position == endPosition && finished()) {
      inner.commit(fedBytes, fedDigest);
    }
  }

  @Override
  public void durable(long position) throws PipeException {
    if (position == endPosition && finished()) {
      inner.durable(fedBytes);
    }
  }

  @Override
  public void durable(long position, @Nullable Digest digest) throws PipeException {
    if (position == endPosition && finished()) {
      inner.durable(fedBytes, fedDigest);
    }
  }

  /** Nothing: raw bytes have no messages, so no sink refuses one. */
  @Override
  public void reject(long position, Rejection why) {}

  @Override
  public void abort(String reason) {
    inner.abort(reason);
    close();
  }

  @Override
  public void close() {
    output.close();
    inner.close();
  }

  private @Nullable Batch counted(@Nullable Batch batch) {
    if (batch != null) {
      endPosition = batch.endPosition();
    }
    return batch;
  }

  private ReadableByteChannel begin() throws IOException {
    RunningProgram running = program.start(Program.Role.FILTER, context.events());
    Thread feeder =
        Thread.ofPlatform()
            .daemon()
            .name("hostpipe-feed " + program.shown())
            .start(() -> feed(running));
    return new ProgramOutput(running, outputBytes -> checkEnd(running, feeder, outputBytes));
  }

  /** The feeder. */
  private void feed(RunningProgram running) {
    Digester digester = new Digester(Digest.EMPTY);
    byte[] chunk = new byte[CHUNK_BYTES];
    try {
      for (Batch next = inner.read(); next != null; next = inner.read()) {
        try (Batch batch = next) {
          ByteBuffer bytes = batch.bytes();
          digester.update(bytes.duplicate());
          write(bytes, running.input(), chunk);
        }
      }
      fedDigest = digester.digest();
      wholeFed = true;
      running.input().close();
    } catch (PipeException e) {
      feedingFailure = e;
      running.kill();
    } catch (InterruptedException | RuntimeException | Error e) {
      feedingFailure =
          new PipeException.Closed(
              Status.INTERNAL, "the program '" + program.shown() + "' could not be fed: " + e, e);
      running.kill();
    } catch (IOException e) {
      // It does not read on; its end says more.
    }
  }

  private void write(ByteBuffer bytes, OutputStream in, byte[] chunk) throws IOException {
    while (bytes.hasRemaining()) {
      int lengthBytes = Math.min(bytes.remaining(), chunk.length);
      bytes.get(chunk, 0, lengthBytes);
      in.write(chunk, 0, lengthBytes);
      in.flush();
      long before = fedBytes;
      fedBytes = before + lengthBytes;
    }
  }

  /** The program's output has ended: whether all went well, in front of it and in it. */
  private void checkEnd(RunningProgram running, Thread feeder, long outputBytes)
      throws PipeException, InterruptedException {
    int status = running.awaitEnd();
    PipeException why = feedingFailure;
    if (why != null) {
      throw why;
    }
    if (status == 0) {
      feeder.join(RunningProgram.END_OF_INPUT_MILLIS);
    }
    if (!wholeFed) {
      inner.close();
    }
    feeder.join();
    if (status != 0 || !wholeFed) {
      throw running.failed(status, when(outputBytes));
    }
  }

  private String when(long outputBytes) {
    return (wholeFed ? " at" : " before")
        + " the end of its input: "
        + fedBytes
        + " bytes went into it and "
        + outputBytes
        + " came out; none of what went in is acknowledged";
  }
}
