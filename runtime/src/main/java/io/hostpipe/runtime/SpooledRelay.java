package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.spi.ForwardingSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Moves one stream from its source into a spool, and out of the spool into its sinks: two relays,
 * each at its own pace.
 *
 * <p>The source hears as durable what the spool has made lasting, and as committed what every sink
 * has committed; that is also let go of by the spool. When the source fails, what the spool has of
 * it is still delivered. When a sink fails, the spool keeps what was not delivered for the next
 * start. Thread rule: as {@link Relay}; the source is read on a thread of its own, which is a
 * platform thread where {@link #run} is on one.
 */
public final class SpooledRelay implements Transfer {
  private final @Nullable Source source;
  private final @Nullable Relay intake;
  private final Relay outlet;
  private final AtomicReference<@Nullable Throwable> intakeFailure = new AtomicReference<>();

  /**
   * A relay that owns all of these.
   *
   * @param source null when the spool holds the stream to its end already
   * @param into the writing side of the stream in the spool
   * @param out its reading side
   */
  public SpooledRelay(@Nullable Source source, Sink into, Source out, List<Sink> sinks) {
    this.source = source;
    if (source == null) {
      into.close();
      this.intake = null;
      this.outlet = new Relay(out, sinks);
    } else {
      Upstream upstream = new Upstream(source);
      this.intake = new Relay(new Kept(source, upstream), List.of(into));
      this.outlet = new Relay(new Delivered(out, source, upstream), sinks);
    }
  }

  @Override
  public RelayProgress progress() {
    return outlet.progress();
  }

  /** How far the spool has got; null when it held the whole stream from the beginning. */
  public @Nullable RelayProgress intake() {
    return intake == null ? null : intake.progress();
  }

  @Override
  public void run() throws PipeException, InterruptedException {
    try (this) {
      Thread reader = intake == null ? null : readInBackground(intake);
      try {
        outlet.run();
        if (reader != null) {
          // The sinks may be done before the source has heard that the end is safe here.
          reader.join();
        }
      } catch (PipeException e) {
        Throwable first = intakeFailure.get();
        if (first instanceof PipeException why) {
          if (e instanceof PipeException.DataLoss) {
            why.addSuppressed(e);
          }
          throw why;
        }
        if (source != null) {
          String reason = e.getMessage();
          source.abort(reason == null ? e.getClass().getSimpleName() : reason);
        }
        throw e;
      } finally {
        close();
        if (reader != null) {
          reader.join();
        }
      }
      rethrow(intakeFailure.get());
    }
  }

  @Override
  public void close() {
    outlet.close();
    if (source != null) {
      source.close();
    }
    if (intake != null) {
      intake.close();
    }
  }

  private Thread readInBackground(Relay relay) {
    Runnable reading =
        () -> {
          try {
            relay.run();
          } catch (PipeException | InterruptedException | RuntimeException | Error e) {
            intakeFailure.compareAndSet(null, e);
          }
        };
    return Thread.currentThread().isVirtual()
        ? Thread.ofVirtual().name("hostpipe-intake").start(reading)
        : Thread.ofPlatform().daemon().name("hostpipe-intake").start(reading);
  }

  private static void rethrow(@Nullable Throwable failure) throws PipeException {
    switch (failure) {
      case null -> {}
      case PipeException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  /**
   * What the source has given, and what of that it can be told as committed. The sinks may have
   * more than was read of it yet, when they kept it from an earlier process; and the end is told
   * when it was read, however early the sinks had all. Thread rule: any thread.
   */
  private static final class Upstream {
    private final Source source;
    private final ReentrantLock lock = new ReentrantLock();
    private long knownPosition;
    private long deliveredPosition;
    private long toldPosition;
    private boolean kept;
    private boolean delivered;
    private boolean endTold;
    private @Nullable Digest digest;
    private volatile boolean aborted;

    Upstream(Source source) {
      this.source = source;
    }

    /** The source was read, or stands, there. */
    void known(long position) throws PipeException {
      lock.lock();
      try {
        knownPosition = Math.max(knownPosition, position);
      } finally {
        lock.unlock();
      }
      tell();
    }

    /** The spool has the stream to its end. */
    void kept() throws PipeException {
      lock.lock();
      try {
        kept = true;
      } finally {
        lock.unlock();
      }
      tell();
    }

    /** Every sink has it up to there. */
    void delivered(long position) throws PipeException {
      lock.lock();
      try {
        deliveredPosition = Math.max(deliveredPosition, position);
      } finally {
        lock.unlock();
      }
      tell();
    }

    /** Every sink has the stream to its end, with this digest where that is known. */
    void delivered(long position, @Nullable Digest ofStream) throws PipeException {
      lock.lock();
      try {
        deliveredPosition = position;
        delivered = true;
        digest = ofStream;
      } finally {
        lock.unlock();
      }
      tell();
    }

    /** Whether what becomes of the spool's sink says anything: not when all of it is kept. */
    boolean isKept() {
      lock.lock();
      try {
        return kept;
      } finally {
        lock.unlock();
      }
    }

    private void tell() throws PipeException {
      long position;
      Digest ofStream;
      boolean end;
      lock.lock();
      try {
        position = Math.min(knownPosition, deliveredPosition);
        ofStream = digest;
        end = kept && delivered && !endTold;
        if (position <= toldPosition && !end) {
          return;
        }
        toldPosition = Math.max(toldPosition, position);
        endTold |= end;
      } finally {
        lock.unlock();
      }
      try {
        if (end) {
          source.commit(position, ofStream);
        } else {
          source.commit(position);
        }
      } catch (PipeException e) {
        // A source that has failed hears nothing more; what the spool has of it goes on.
        if (!aborted) {
          throw e;
        }
      }
    }
  }

  /**
   * The source as the spool sees it: what the spool commits is durable, and no more than that. It
   * outlives the relay that reads it, because the sinks' commits come later.
   */
  private static final class Kept extends ForwardingSource {
    private final Upstream upstream;

    Kept(Source source, Upstream upstream) {
      super(source);
      this.upstream = upstream;
    }

    @Override
    public boolean seek(Resume from) throws PipeException, InterruptedException {
      boolean verified = inner.seek(from);
      upstream.known(from.position());
      return verified;
    }

    @Override
    public @Nullable Batch read() throws PipeException, InterruptedException {
      return known(inner.read());
    }

    @Override
    public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
      return known(inner.read(timeout));
    }

    @Override
    public void commit(long position) throws PipeException {
      inner.durable(position);
    }

    @Override
    public void commit(long position, @Nullable Digest digest) throws PipeException {
      inner.durable(position, digest);
      upstream.kept();
    }

    @Override
    public void abort(String reason) {
      if (!upstream.isKept()) {
        upstream.aborted = true;
        inner.abort(reason);
      }
    }

    /** Nothing. */
    @Override
    public void close() {}

    private @Nullable Batch known(@Nullable Batch batch) throws PipeException {
      if (batch != null) {
        upstream.known(batch.endPosition());
      }
      return batch;
    }
  }

  /** The spool as the sinks see it: what they commit is told to the source, too. */
  private static final class Delivered extends ForwardingSource {
    private final Source source;
    private final Upstream upstream;

    Delivered(Source spool, Source source, Upstream upstream) {
      super(spool);
      this.source = source;
      this.upstream = upstream;
    }

    @Override
    public boolean wantsCommits() {
      return true;
    }

    @Override
    public void commitsComeAtEnd() {
      inner.commitsComeAtEnd();
      source.commitsComeAtEnd();
    }

    @Override
    public boolean seek(Resume from) throws PipeException, InterruptedException {
      boolean verified = inner.seek(from);
      upstream.delivered(from.position());
      return verified;
    }

    @Override
    public void commit(long position) throws PipeException {
      inner.commit(position);
      upstream.delivered(position);
    }

    @Override
    public void commit(long position, @Nullable Digest digest) throws PipeException {
      inner.commit(position, digest);
      upstream.delivered(position, digest);
    }

    @Override
    public void reject(long endPosition, Rejection why) throws PipeException {
      inner.reject(endPosition, why);
      source.reject(endPosition, why);
    }
  }
}
