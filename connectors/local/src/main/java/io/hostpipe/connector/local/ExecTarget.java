package io.hostpipe.connector.local;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.PipeContext;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** A program that is started anew for each stream that goes into it. */
final class ExecTarget implements Target {
  private final Program program;
  private final PipeContext context;
  private final boolean commitsAtEnd;
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Sink> open = new HashSet<>();
  private boolean closed;

  ExecTarget(Program program, PipeContext context, boolean commitsAtEnd) {
    this.program = program;
    this.context = context;
    this.commitsAtEnd = commitsAtEnd;
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException {
    String where = "the program '" + program.shown() + "'";
    LocalConnector.checkRaw(encoding, where);
    RunningProgram running = program.start(Program.Role.SINK, context.events());
    Sink[] self = new Sink[1];
    Sink sink =
        new ExecSink(stream, where, context.pool(), running, commitsAtEnd, () -> forget(self[0]));
    self[0] = sink;
    lock.lock();
    try {
      if (!closed) {
        open.add(sink);
        return sink;
      }
    } finally {
      lock.unlock();
    }
    sink.close();
    throw new PipeException.Closed(Status.CANCELLED, where + " was closed on this side");
  }

  /** Each stream has a program of its own. */
  @Override
  public boolean manyAtOnce() {
    return true;
  }

  @Override
  public void close() {
    List<Sink> due;
    lock.lock();
    try {
      closed = true;
      due = List.copyOf(open);
    } finally {
      lock.unlock();
    }
    due.forEach(Sink::close);
  }

  private void forget(Sink sink) {
    lock.lock();
    try {
      open.remove(sink);
    } finally {
      lock.unlock();
    }
  }
}
