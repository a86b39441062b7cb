package io.hostpipe.cli;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.PipeException;
import io.hostpipe.Target;
import io.hostpipe.runtime.MixedTarget;
import io.hostpipe.runtime.dead.RecordBytesTarget;
import io.hostpipe.spi.Carriers;
import io.hostpipe.spi.Holdings;
import io.hostpipe.spi.PipeContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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
  private final Map<End, Listener> listeners = new HashMap<>();
  private final Map<End, Target> targets = new HashMap<>();
  private @Nullable Target deadLetters;
  private final HeldByPlaces held = new HeldByPlaces();
  private final List<Target> shared = new CopyOnWriteArrayList<>();

  /** Opens the listeners of both sides, then the targets. */
  void open(PipePlan plan, Contexts contexts) throws PipeException, InterruptedException {
    listen(plan.source(), plan.vias(), contexts.incoming(plan.source(), held));
    for (End sink : plan.sinks()) {
      listen(sink, plan.vias(), contexts.outgoing(sink));
    }
    if (plan.duplex()) {
      held.opened(List.of());
      return;
    }
    for (End sink : plan.sinks()) {
      if (!sink.isLink()) {
        PipeContext context = contexts.outgoing(sink);
        boolean many = plan.intake().many();
        Target target =
            sink.connector().target(sink.address(), many ? context.forManyStreams() : context);
        closings.add(target::close);
        targets.put(sink, plan.frames().around(sink, many ? shared(target, sink, plan) : target));
      }
    }
    DeadLetterPlan letters = plan.deadLetters();
    if (letters != null && !letters.end().isLink()) {
      deadLetters = deadLetters(letters.end(), contexts.outgoing(letters.end()));
    }
    held.opened(targets.size() < plan.sinks().size() ? List.of() : List.copyOf(targets.values()));
  }

  /** Where this end of the plan waits for its peers; null when it does not wait. */
  @Nullable Listener listener(End end) {
    return listeners.get(end);
  }

  /** The store that this end of the plan writes into; null when it is none. */
  @Nullable Target target(End end) {
    return targets.get(end);
  }

  /** Where refused messages go; null where they go nowhere, or to a peer. */
  @Nullable Target deadLetters() {
    return deadLetters;
  }

  /** What the stores hold of streams that began before this process did. */
  Holdings held() {
    return held;
  }

  /** What ended one of the stores that many streams share; null while all take more. */
  @Nullable PipeException failure() {
    for (Target each : shared) {
      PipeException why = each.failure();
      if (why != null) {
        return why;
      }
    }
    return null;
  }

  /** Idempotent; any thread. */
  @Override
  public void close() {
    held.closed();
    closings.close();
  }

  /** Where bytes are kept, one file takes the letters of many streams, headers included. */
  private Target deadLetters(End end, PipeContext context)
      throws PipeException, InterruptedException {
    boolean bytes = !end.capabilities().messages();
    Target target =
        end.connector().target(end.address(), bytes ? context.forManyStreams() : context);
    closings.add(target::close);
    return bytes ? new RecordBytesTarget(target, Hostpipe.pool()) : target;
  }

  /** A target that takes the streams of many pipes. */
  private Target shared(Target target, End sink, PipePlan plan) throws PipeException {
    if ((!target.manyAtOnce() || target.mixes())
        && plan.intake().mode() == Intake.Mode.AT_ONCE
        && !plan.frames().messages()) {
      throw new PipeException.Config(
          "fan-in into "
              + sink
              + " would mix the bytes of many streams anywhere; tell messages apart, as in --frame"
              + " lines on both sides, so that whole ones are mixed; or take the streams one after"
              + " another with 'keep', or name a folder, as in ./incoming/, for a file each");
    }
    Target many = target;
    if (!target.manyAtOnce()) {
      MixedTarget mixed = new MixedTarget(target, Hostpipe.pool());
      closings.add(mixed::close);
      many = mixed;
    }
    shared.add(many);
    return many;
  }

  private void listen(End end, List<End> vias, PipeContext context) throws PipeException {
    if (end.listens()) {
      boolean alone = vias.isEmpty();
      PipeContext shared = alone ? context : context.withCarriers(new Carriers());
      Listener listener = end.connector().listen(end.address(), shared);
      closings.add(listener::close);
      listeners.put(end, listener);
      for (End via : vias) {
        closings.add(via.connector().listen(via.address(), shared)::close);
      }
    }
  }
}
