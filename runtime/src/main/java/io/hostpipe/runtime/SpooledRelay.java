package io.hostpipe.runtime;

import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.spi.ForwardingSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
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
      Kept kept = new Kept(source);
      this.intake = new Relay(kept, List.of(into));
      this.outlet = new Relay(new Delivered(out, source, kept), sinks);
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
   * The source as the spool sees it: what the spool commits is durable, and no more than that. It
   * outlives the relay that reads it, because the sinks' commits come later.
   */
  private static final class Kept extends ForwardingSource {
    private volatile boolean aborted;

    /** Whether the spool has all of it: what becomes of the spool's sink then says nothing. */
    private volatile boolean ended;

    Kept(Source source) {
      super(source);
    }

    @Override
    public void commit(long position) throws PipeException {
      inner.durable(position);
    }

    @Override
    public void commit(long position, @Nullable Digest digest) throws PipeException {
      ended = true;
      inner.durable(position, digest);
    }

    @Override
    public void abort(String reason) {
      if (!ended) {
        aborted = true;
        inner.abort(reason);
      }
    }

    /** Nothing. */
    @Override
    public void close() {}
  }

  /** The spool as the sinks see it: what they commit is told to the source, too. */
  private static final class Delivered extends ForwardingSource {
    private final Source source;
    private final Kept kept;

    Delivered(Source spool, Source source, Kept kept) {
      super(spool);
      this.source = source;
      this.kept = kept;
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
    public void commit(long position) throws PipeException {
      inner.commit(position);
      tell(() -> source.commit(position));
    }

    @Override
    public void commit(long position, @Nullable Digest digest) throws PipeException {
      inner.commit(position, digest);
      tell(() -> source.commit(position, digest));
    }

    @Override
    public void reject(long endPosition, Rejection why) throws PipeException {
      inner.reject(endPosition, why);
      tell(() -> source.reject(endPosition, why));
    }

    /** A source that has failed hears nothing more; what the spool has of it goes on. */
    private void tell(Telling news) throws PipeException {
      try {
        news.tell();
      } catch (PipeException e) {
        if (!kept.aborted) {
          throw e;
        }
      }
    }
  }

  /** Something that a source may no longer want to hear. */
  private interface Telling {
    void tell() throws PipeException;
  }
}
