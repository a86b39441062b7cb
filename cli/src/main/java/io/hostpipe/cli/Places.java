package io.hostpipe.cli;

import io.hostpipe.Listener;
import io.hostpipe.PipeException;
import io.hostpipe.Target;
import io.hostpipe.spi.PipeContext;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is opened once, however many streams come: the places where peers dial in, and the stores
 * that are written into.
 *
 * <p>An address that cannot be listened on says so before a file is made; a store that refuses says
 * so before a peer is bothered. Thread rule: one thread opens, any may ask afterwards and close.
 */
final class Places implements AutoCloseable {
  private final Closings closings = new Closings();
  private final Map<End, Listener> listeners = new IdentityHashMap<>();
  private final Map<End, Target> targets = new IdentityHashMap<>();

  /** Opens the listeners of both sides, then the targets. */
  void open(PipePlan plan, Contexts contexts) throws PipeException, InterruptedException {
    listen(plan.source(), contexts.incoming(plan.source()));
    for (End sink : plan.sinks()) {
      listen(sink, contexts.outgoing(sink));
    }
    if (plan.duplex()) {
      return;
    }
    for (End sink : plan.sinks()) {
      if (!sink.isLink()) {
        PipeContext context = contexts.outgoing(sink);
        Target target = sink.connector().target(sink.address(), context);
        closings.add(target::close);
        targets.put(sink, target);
      }
    }
  }

  /** Where this end of the plan waits for its peers; null when it does not wait. */
  @Nullable Listener listener(End end) {
    return listeners.get(end);
  }

  /** The store that this end of the plan writes into; null when it is none. */
  @Nullable Target target(End end) {
    return targets.get(end);
  }

  /** Idempotent; any thread. */
  @Override
  public void close() {
    closings.close();
  }

  private void listen(End end, PipeContext context) throws PipeException {
    if (end.listens()) {
      Listener listener = end.connector().listen(end.address(), context);
      closings.add(listener::close);
      listeners.put(end, listener);
    }
  }
}
