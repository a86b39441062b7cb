package io.hostpipe.cli;

import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.runtime.ContinuedSink;
import io.hostpipe.runtime.RestartedSource;
import io.hostpipe.runtime.dead.DeadLetterSink;
import io.hostpipe.runtime.dead.DeadLetters;
import io.hostpipe.spi.Carriers;
import io.hostpipe.spi.FramedSink;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RefusesFirst;
import io.hostpipe.spi.RefusingSource;
import io.hostpipe.spi.RequestSource;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one run of a pipe has opened.
 *
 * <p>Thread rule: {@link #close} and {@link #stats} from any thread at any moment; the rest is the
 * thread's that opens.
 */
final class OpenEnds implements AutoCloseable {
  private final Closings closings = new Closings();
  private final PipePlan plan;
  private final Places places;
  private final Contexts contexts;
  private @Nullable Pipe accepted;

  /** The source, where it refuses messages by itself. */
  private volatile @Nullable RefusingSource refusing;

  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock. */
  private final List<Pipe> pipes = new ArrayList<>();

  OpenEnds(PipePlan plan, Places places, Contexts contexts) {
    this.plan = plan;
    this.places = places;
    this.contexts = contexts;
  }

  /**
   * Opens all ends; blocks until those that wait for a peer have theirs. The source comes first:
   * its stream is what the sinks are opened for.
   *
   * @param pipe of the plan's end that takes many; null where none does
   * @param leftovers what is on its way already
   * @return what moves from where to where: one way, or two with {@code --duplex}
   */
  List<Way> open(@Nullable Pipe pipe, Leftovers leftovers)
      throws PipeException, InterruptedException {
    accepted = pipe;
    return plan.duplex() ? openBothWays() : List.of(openOneWay(leftovers));
  }

  /** What happened on the links so far. */
  PipeStats stats() {
    long resumes = 0;
    long sentAgainBytes = 0;
    long duplicateBytes = 0;
    long verifiedFrom = 0;
    Set<String> carriers = new LinkedHashSet<>();
    lock.lock();
    try {
      for (Pipe pipe : pipes) {
        PipeStats stats = pipe.stats();
        resumes += stats.resumes();
        sentAgainBytes += stats.sentAgainBytes();
        duplicateBytes += stats.duplicateBytes();
        verifiedFrom = Math.max(verifiedFrom, stats.verifiedFrom());
        carriers.addAll(stats.carriers());
      }
    } finally {
      lock.unlock();
    }
    return new PipeStats(
        resumes, sentAgainBytes, duplicateBytes, verifiedFrom, List.copyOf(carriers));
  }

  /** How many messages lie where the source's own place puts what is refused. */
  long refusedCount() {
    RefusingSource source = refusing;
    return source == null ? 0 : source.refusedCount();
  }

  /** Closes what was opened last first: what is not finished is aborted. Idempotent. */
  @Override
  public void close() {
    closings.close();
  }

  private Way openOneWay(Leftovers leftovers) throws PipeException, InterruptedException {
    End from = plan.source();
    Spool spool = contexts.spool();
    StreamId known = contexts.stream();
    if (spool != null && known != null && !from.isLink()) {
      SpoolStream whole = spool.open(known, plan.encoding());
      contexts.doubts().consider(whole, plan);
      if (whole.finished()) {
        // All of it is here: the source is not needed any more, and may have gone.
        return new Way(
            from, plan.sinks(), known, null, whole, sinks(known, plan.encoding(), whole));
      }
    }
    Source source = source(from);
    StreamId stream = source.awaitStream();
    try {
      SpoolStream spooled = spool == null ? null : spool.open(stream, source.encoding());
      Leftover underWay = leftovers.claim(source);
      if (underWay != null) {
        closings.add(underWay::close);
        return new Way(from, plan.sinks(), stream, source, spooled, List.of(), false, underWay);
      }
      if (spooled != null && from.isLink() && spooled.delivered()) {
        // Only its sender has not heard so yet.
        List<Sink> done = new ArrayList<>();
        for (int index = 0; index < plan.sinks().size(); index++) {
          done.add(new DeliveredSink(spooled.held()));
        }
        return new Way(from, plan.sinks(), stream, source, spooled, done);
      }
      List<Sink> sinks = sinks(stream, source.encoding(), spooled);
      keepRefused(sinks);
      return new Way(from, plan.sinks(), stream, source, spooled, sinks);
    } catch (PipeException e) {
      // Who sends it should not have to look here for the reason.
      String reason = e.getMessage();
      source.abort(reason == null ? "its destination cannot be opened" : reason);
      throw e;
    }
  }

  private Source source(End from) throws PipeException, InterruptedException {
    PipeContext incoming = contexts.incoming(from, places.held());
    Source source;
    if (from.isLink()) {
      source = pipe(from, incoming).source();
    } else {
      source = from.connector().source(from.address(), incoming);
      closings.add(source::close);
      refusing = source instanceof RefusingSource each ? each : null;
    }
    for (End filter : plan.filters()) {
      source = filter.connector().through(filter.address(), source, incoming);
      closings.add(source::close);
    }
    Source framed = plan.frames().around(from, source);
    if (!from.isLink() && !framed.replayable()) {
      framed = new RestartedSource(framed, plan.restarted());
    }
    closings.add(framed::close);
    return framed;
  }

  /**
   * Opens the plan's destinations for a stream; they are closed with the rest.
   *
   * @param spooled the stream in the spool; null where there is none
   */
  List<Sink> sinks(StreamId stream, Encoding encoding, @Nullable SpoolStream spooled)
      throws PipeException, InterruptedException {
    long deliveredBytes = spooled == null ? 0 : spooled.stats().released();
    DeadLetterPlan letters = plan.deadLetters();
    List<Sink> sinks = new ArrayList<>();
    for (End to : plan.sinks()) {
      Sink sink = sink(to, stream, encoding);
      // It counts what it was given in this process.
      boolean countsAnew = deliveredBytes > 0 && !to.isLink() && !to.capabilities().durable();
      long beforeBytes = countsAnew ? deliveredBytes - sink.resume().position() : 0;
      if (letters == null && sink instanceof RefusesFirst first) {
        first.onRefusal((end, why) -> {
          throw RefusesFirst.unkept(stream, beforeBytes + end, why);
        });
      }
      sinks.add(countsAnew ? new ContinuedSink(sink, beforeBytes) : sink);
    }
    if (letters != null) {
      for (int index = 0; index < sinks.size(); index++) {
        sinks.set(index, withDeadLetters(letters, index, stream, sinks.get(index)));
      }
    }
    return sinks;
  }

  /** What the source refuses by itself goes where the refusals of the destinations go. */
  private void keepRefused(List<Sink> sinks) {
    RefusingSource source = refusing;
    List<DeadLetters> letters = new ArrayList<>();
    for (Sink each : sinks) {
      if (each instanceof DeadLetterSink dead) {
        letters.add(dead.letters());
      }
    }
    if (source != null && !letters.isEmpty()) {
      source.onRefused((position, payload, headers, why) -> {
        for (DeadLetters each : letters) {
          each.keep(position, payload, headers, why);
        }
      });
    }
  }

  /** Around one of the sinks: what it refuses is kept elsewhere. Blocks until that is there. */
  private Sink withDeadLetters(DeadLetterPlan letterPlan, int index, StreamId stream, Sink sink)
      throws PipeException, InterruptedException {
    End to = plan.sinks().get(index);
    Target target = places.deadLetters();
    Sink into;
    if (target == null) {
      // A peer does not tell what it was sent by an earlier process: each has a stream of its own.
      StreamId own = new StreamId(UUID.randomUUID().toString());
      PipeContext context = contexts.outgoing(letterPlan.end()).withStream(own);
      Pipe pipe = letterPlan.end().connector().connect(letterPlan.end().address(), context);
      closings.add(pipe::close);
      into = pipe.sink();
    } else {
      StreamId own = DeadLetters.streamOf(stream, to.place());
      boolean asked = letterPlan.end().capabilities().resumes();
      into = target.open(asked ? own : anew(own), Encoding.RECORDS);
      closings.add(into::close);
    }
    DeadLetters letters =
        DeadLetters.open(
            into, letterPlan.end().toString(), stream, to.placeAndOptions(), goesOn(to, sink));
    return new DeadLetterSink(
        sink,
        stream,
        letters,
        letterPlan.takesRest(),
        contexts.outgoing(to).events(),
        Hostpipe.pool());
  }

  /** Whether the positions of the stream are those that an earlier process has seen. */
  private boolean goesOn(End to, Sink sink) throws PipeException, InterruptedException {
    boolean known = sink.resume().position() > 0;
    if (plan.source().streamsComeBack()) {
      // It begins where the source stands, at position 0, unless the destination says more.
      return known && to.capabilities().durable() && to.capabilities().resumes();
    }
    return known || plan.lasts() || plan.source().isLink();
  }

  /**
   * A stream of its own in a place that cannot be asked what it has: there an earlier one may have
   * other content at the same positions.
   */
  private static StreamId anew(StreamId stream) {
    String own = ":" + UUID.randomUUID();
    String name = stream.value();
    while (name.getBytes(StandardCharsets.UTF_8).length + own.length()
        > StreamId.LENGTH_BYTES_MAX) {
      name = name.substring(0, name.offsetByCodePoints(name.length(), -1));
    }
    return new StreamId(name + own);
  }

  private Sink sink(End to, StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    Target target = places.target(to);
    if (target == null) {
      PipeContext outgoing = contexts.outgoing(to);
      if (!plan.frames().messages()) {
        outgoing = outgoing.withEncoding(encoding);
      }
      if (plan.source().intake().many() || (plan.lasts() && plan.source().isLink())) {
        // A stream keeps its name on its way; a name of its own is for one that begins here.
        outgoing = outgoing.withStream(stream);
      }
      return plan.frames().around(to, stream, pipe(to, outgoing).sink());
    }
    boolean anew = plan.source().streamsComeBack() && !to.capabilities().resumes();
    Sink sink = target.open(anew ? anew(stream) : stream, encoding);
    closings.add(sink::close);
    return sink;
  }

  private List<Way> openBothWays() throws PipeException, InterruptedException {
    End near = plan.source();
    End far = plan.sinks().getFirst();
    Pipe nearPipe = pipe(near, contexts.incoming(near, places.held()));
    Pipe farPipe = pipe(far, contexts.outgoing(far));
    return List.of(way(near, nearPipe, far, farPipe), way(far, farPipe, near, nearPipe));
  }

  private Way way(End from, Pipe fromPipe, End to, Pipe toPipe)
      throws PipeException, InterruptedException {
    Source given = fromPipe.source();
    Source source = new HalfSource(plan.frames().around(from, given));
    boolean requests = given instanceof RequestSource;
    Frames frames = requests ? plan.frames().passingRefused() : plan.frames();
    Sink sink = frames.around(to, source.stream(), toPipe.sink());
    if (requests && sink instanceof FramedSink framed) {
      // Before anything behind it is written: so no answer is taken for that of another request.
      framed.onRefusal(given::reject);
      return Way.half(from, to, source, new HalfSink(sink), true);
    }
    return Way.half(from, to, source, new HalfSink(sink), false);
  }

  private Pipe pipe(End end, PipeContext context) throws PipeException, InterruptedException {
    Pipe pipe = opened(end, context);
    closings.add(pipe::close);
    lock.lock();
    try {
      pipes.add(pipe);
    } finally {
      lock.unlock();
    }
    return pipe;
  }

  private Pipe opened(End end, PipeContext context) throws PipeException, InterruptedException {
    Pipe given = accepted;
    if (given != null && end.equals(plan.intakeEnd())) {
      return given;
    }
    Listener listener = places.listener(end);
    if (listener == null) {
      return dialed(end, context);
    }
    Duration limit = contexts.firstPeerWithin();
    if (limit == null || plan.intake().many()) {
      return accepted(listener, listener.accept());
    }
    CountDownLatch came = new CountDownLatch(1);
    AtomicBoolean late = new AtomicBoolean();
    Thread.ofVirtual()
        .name("hostpipe-first-peer")
        .start(() -> {
          try {
            if (!came.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
              late.set(true);
              listener.close();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    try {
      return accepted(listener, listener.accept());
    } catch (PipeException e) {
      if (late.get()) {
        throw new PipeException.Unreachable(
            end + ": nobody dialed within " + Quantity.durationText(limit) + " (--give-up)", e);
      }
      throw e;
    } finally {
      came.countDown();
    }
  }

  /** Over its own address first, and over the others when that stays down. */
  private Pipe dialed(End end, PipeContext context) throws PipeException {
    if (plan.vias().isEmpty()) {
      return end.equals(plan.source())
          ? end.connector().connectAsSource(end.address(), context)
          : end.connector().connect(end.address(), context);
    }
    PipeContext shared = context.withCarriers(new Carriers());
    Pipe pipe = end.connector().connect(end.address(), shared);
    try {
      for (End via : plan.vias()) {
        // What it answers is the pipe that is there already, with one carrier more.
        var _ = via.connector().connect(via.address(), shared);
      }
    } catch (PipeException e) {
      pipe.close();
      throw e;
    }
    return pipe;
  }

  private Pipe accepted(Listener listener, Pipe pipe) {
    if (!plan.intake().many()) {
      // Others are told that nobody takes them, instead of waiting in line for nothing.
      listener.close();
    }
    return pipe;
  }
}
