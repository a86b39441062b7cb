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
 * <p>The source may come later than the sinks, by {@link #attach}: what an earlier process left in
 * the spool is on its way to them meanwhile, and goes on behind that without their being opened
 * again. Without a source the relay ends when the spool holds the stream to its end and the sinks
 * have it; where the end is not there yet it waits for the source, until {@link #detach} says that
 * none will come.
 *
 * <p>The source hears as durable what the spool has made lasting, and as committed what every sink
 * has committed; that is also let go of by the spool. When the source fails, what the spool has of
 * it is still delivered. When a sink fails, the spool keeps what was not delivered for the next
 * start. Thread rule: as {@link Relay}; {@link #attach} and {@link #detach} from any thread, also
 * while another is in {@link #run}. The source is read on a thread of its own, which is a platform
 * thread where {@link #run} is on one.
 */
public final class SpooledRelay implements Transfer {
  private final Sink into;
  private final Relay outlet;
  private final Upstream upstream = new Upstream();
  private final AtomicReference<@Nullable Throwable> intakeFailure = new AtomicReference<>();
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock, as is all below. */
  private @Nullable Source source;

  private @Nullable Relay intake;
  private @Nullable Thread reader;

  /** Who runs it; null before and after. */
  private @Nullable Thread runner;

  /** No source is taken any more. */
  private boolean over;

  /**
   * A relay that owns all of these, and has no source yet.
   *
   * @param into the writing side of the stream in the spool
   * @param out its reading side
   */
  public SpooledRelay(Sink into, Source out, List<Sink> sinks) {
    this.into = into;
    this.outlet = new Relay(new Delivered(out, upstream), sinks);
  }

  /**
   * Gives it the stream's source, which goes on where the spool ends; at most one.
   *
   * @return whether the relay took it, and owns it now; not when it is over
   */
  public boolean attach(Source given) {
    lock.lock();
    try {
      if (over) {
        return false;
      }
      if (source != null) {
        throw new IllegalStateException("the stream " + given.stream() + " has a source already");
      }
      source = given;
    } finally {
      lock.unlock();
    }
    Relay reading = new Relay(new Kept(given, upstream), List.of(into));
    upstream.begin(given);
    lock.lock();
    try {
      intake = reading;
      if (over) {
        reading.close();
      } else if (runner != null) {
        reader = readInBackground(reading, runner);
      }
    } finally {
      lock.unlock();
    }
    return true;
  }

  /** No source will come: what is in the spool is all there will be. Nothing when one came. */
  public void detach() {
    if (takeNoMore()) {
      into.close();
    }
  }

  @Override
  public RelayProgress progress() {
    return outlet.progress();
  }

  @Override
  public void run() throws PipeException, InterruptedException {
    try (this) {
      begin();
      try {
        outlet.run();
        takeNoMore();
        // The sinks may be done before the source has heard that the end is safe here.
        awaitReader();
      } catch (PipeException e) {
        if (intakeFailure.get() instanceof PipeException why) {
          if (e instanceof PipeException.DataLoss && e != why) {
            why.addSuppressed(e);
          }
          throw why;
        }
        Source told = source();
        if (told != null) {
          String reason = e.getMessage();
          told.abort(reason == null ? e.getClass().getSimpleName() : reason);
        }
        throw e;
      } finally {
        close();
        awaitReader();
      }
      rethrow(intakeFailure.get());
    }
  }

  @Override
  public void close() {
    Source taken;
    Relay reading;
    lock.lock();
    try {
      over = true;
      taken = source;
      reading = intake;
    } finally {
      lock.unlock();
    }
    outlet.close();
    if (taken != null) {
      taken.close();
    }
    if (reading == null) {
      into.close();
    } else {
      reading.close();
    }
  }

  private void begin() {
    lock.lock();
    try {
      runner = Thread.currentThread();
      if (intake != null) {
        reader = readInBackground(intake, runner);
      }
    } finally {
      lock.unlock();
    }
  }

  /** From here on no source is taken; whether there is none. */
  private boolean takeNoMore() {
    lock.lock();
    try {
      if (source == null) {
        over = true;
      }
      return source == null;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Source source() {
    lock.lock();
    try {
      return source;
    } finally {
      lock.unlock();
    }
  }

  private void awaitReader() throws InterruptedException {
    Thread reading;
    lock.lock();
    try {
      reading = reader;
    } finally {
      lock.unlock();
    }
    if (reading != null) {
      reading.join();
    }
  }

  private Thread readInBackground(Relay relay, Thread like) {
    Runnable reading =
        () -> {
          try {
            relay.run();
          } catch (PipeException | InterruptedException | RuntimeException | Error e) {
            intakeFailure.compareAndSet(null, e);
            if (!upstream.hasFailedBy(e)) {
              outlet.close(); // the spool failed: nobody can say what else it would hand out
            }
          }
        };
    return like.isVirtual()
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
    private final ReentrantLock lock = new ReentrantLock();

    /** Under the lock, as is all below; null until it came. */
    private @Nullable Source source;

    private boolean commitsComeAtEnd;
    private long knownPosition;
    private long deliveredPosition;
    private long toldPosition;
    private boolean kept;
    private boolean delivered;
    private boolean endTold;
    private @Nullable Digest digest;
    private volatile boolean aborted;
    private volatile @Nullable PipeException failure;

    /** The source is here, and was not read yet. */
    void begin(Source given) {
      boolean atEnd;
      lock.lock();
      try {
        source = given;
        atEnd = commitsComeAtEnd;
      } finally {
        lock.unlock();
      }
      if (atEnd) {
        given.commitsComeAtEnd();
      }
    }

    /** The sinks commit when the stream has ended. */
    void commitsComeAtEnd() {
      Source told;
      lock.lock();
      try {
        commitsComeAtEnd = true;
        told = source;
      } finally {
        lock.unlock();
      }
      if (told != null) {
        told.commitsComeAtEnd();
      }
    }

    /** A sink refused a message for good. */
    void reject(long endPosition, Rejection why) throws PipeException {
      Source told;
      lock.lock();
      try {
        told = source;
      } finally {
        lock.unlock();
      }
      if (told != null) {
        told.reject(endPosition, why);
      }
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

    /** Takes down that the source failed; the same exception. */
    PipeException failed(PipeException why) {
      failure = why;
      return why;
    }

    /** Whether this came from the source. */
    boolean hasFailedBy(Throwable why) {
      return failure == why;
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
      Source told;
      long position;
      Digest ofStream;
      boolean end;
      lock.lock();
      try {
        told = source;
        position = Math.min(knownPosition, deliveredPosition);
        ofStream = digest;
        end = kept && delivered && !endTold;
        if (told == null || (position <= toldPosition && !end)) {
          return;
        }
        toldPosition = Math.max(toldPosition, position);
        endTold |= end;
      } finally {
        lock.unlock();
      }
      try {
        if (end) {
          told.commit(position, ofStream);
        } else {
          told.commit(position);
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
      boolean verified;
      try {
        verified = inner.seek(from);
      } catch (PipeException e) {
        throw upstream.failed(e);
      }
      upstream.known(from.position());
      return verified;
    }

    @Override
    public @Nullable Batch read() throws PipeException, InterruptedException {
      try {
        return known(inner.read());
      } catch (PipeException e) {
        throw upstream.failed(e);
      }
    }

    @Override
    public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
      try {
        return known(inner.read(timeout));
      } catch (PipeException e) {
        throw upstream.failed(e);
      }
    }

    @Override
    public void commit(long position) throws PipeException {
      try {
        inner.durable(position);
      } catch (PipeException e) {
        throw upstream.failed(e);
      }
    }

    @Override
    public void commit(long position, @Nullable Digest digest) throws PipeException {
      try {
        inner.durable(position, digest);
      } catch (PipeException e) {
        throw upstream.failed(e);
      }
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
    private final Upstream upstream;

    Delivered(Source spool, Upstream upstream) {
      super(spool);
      this.upstream = upstream;
    }

    @Override
    public boolean wantsCommits() {
      return true;
    }

    @Override
    public void commitsComeAtEnd() {
      inner.commitsComeAtEnd();
      upstream.commitsComeAtEnd();
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
      upstream.reject(endPosition, why);
    }
  }
}
