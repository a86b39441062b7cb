package io.hostpipe.cli;

import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.Target;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one run of a pipe has opened.
 *
 * <p>Opening blocks (a listener waits for its peer), and an interruption must end that too: {@link
 * #close} may come from any thread at any moment. It closes what is open, and whatever is opened
 * after it is closed at once. The rest is the thread's that moves the bytes.
 */
final class OpenEnds implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();

  /** In the order they were opened, under the lock. */
  private final List<Runnable> closings = new ArrayList<>();

  private final List<Pipe> pipes = new ArrayList<>();
  private boolean closed;

  /**
   * Opens both ends. An address that cannot be listened on says so before a file is made; a store
   * that refuses says so before a peer is bothered: its target is opened before the link, its sink
   * when the link has told which stream comes.
   *
   * @return what to move from where to where
   */
  Ends open(PipePlan plan, PipeContext context) throws PipeException, InterruptedException {
    PipeContext outgoing = context.withDirections(true, false);
    PipeContext incoming = context.withDirections(false, true);
    Listener sources = listener(plan.source(), incoming);
    Listener sinks = listener(plan.sink(), outgoing);
    Target target = null;
    if (!plan.sink().isLink()) {
      target = plan.sink().connector().target(plan.sink().address(), outgoing);
      keep(target::close);
    }
    Source source;
    if (plan.source().isLink()) {
      source = pipe(plan.source(), sources, incoming).source();
    } else {
      source = plan.source().connector().source(plan.source().address(), incoming);
      keep(source::close);
    }
    Sink sink;
    if (target != null) {
      sink = target.open(source.stream(), source.encoding());
      keep(sink::close);
    } else {
      sink = pipe(plan.sink(), sinks, outgoing.withEncoding(source.encoding())).sink();
    }
    return new Ends(source, sink);
  }

  /** What happened on the links so far. */
  PipeStats stats() {
    long resumes = 0;
    long sentAgainBytes = 0;
    long duplicateBytes = 0;
    long verifiedFrom = 0;
    lock.lock();
    try {
      for (Pipe pipe : pipes) {
        PipeStats stats = pipe.stats();
        resumes += stats.resumes();
        sentAgainBytes += stats.sentAgainBytes();
        duplicateBytes += stats.duplicateBytes();
        verifiedFrom = Math.max(verifiedFrom, stats.verifiedFrom());
      }
    } finally {
      lock.unlock();
    }
    return new PipeStats(resumes, sentAgainBytes, duplicateBytes, verifiedFrom);
  }

  /** Closes what was opened last first: what is not finished is aborted. Idempotent. */
  @Override
  public void close() {
    List<Runnable> due;
    lock.lock();
    try {
      closed = true;
      due = new ArrayList<>(closings.reversed());
      closings.clear();
    } finally {
      lock.unlock();
    }
    due.forEach(Runnable::run);
  }

  /** Where the end waits for its peer; null when it does not wait. */
  private @Nullable Listener listener(End end, PipeContext context) throws PipeException {
    if (end.kind() != Connector.Kind.LISTENS) {
      return null;
    }
    Listener listener = end.connector().listen(end.address(), context);
    keep(listener::close);
    return listener;
  }

  private Pipe pipe(End end, @Nullable Listener listener, PipeContext context)
      throws PipeException, InterruptedException {
    Pipe pipe;
    if (listener == null) {
      pipe = end.connector().connect(end.address(), context);
    } else {
      pipe = listener.accept();
      // Others are told that nobody takes them, instead of waiting in line for nothing.
      listener.close();
    }
    keep(pipe::close);
    lock.lock();
    try {
      pipes.add(pipe);
    } finally {
      lock.unlock();
    }
    return pipe;
  }

  private void keep(Runnable closing) throws PipeException {
    lock.lock();
    try {
      if (!closed) {
        closings.add(closing);
        return;
      }
    } finally {
      lock.unlock();
    }
    closing.run();
    throw new PipeException.Closed(Status.CANCELLED, "closed while it was being opened");
  }

  /**
   * The two ends of one run.
   *
   * @param source owned by the {@link OpenEnds} they came from, as is the sink
   * @param sink where the bytes go
   */
  record Ends(Source source, Sink sink) {}
}
