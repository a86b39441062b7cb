package io.hostpipe.connector.memory;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Where pipes of this process come in under a name.
 *
 * <p>Remembers what was committed of the streams it received, so that a stream that is connected
 * again under its own id goes on from there. Thread rule: any thread.
 */
final class MemoryListener implements Listener {
  /** The most pipes that wait to be accepted. */
  static final int WAITING_MAX = 1_024;

  /** The most streams that are remembered; the one heard of longest ago is forgotten first. */
  static final int STREAMS_MAX = 1_024;

  private final Address address;
  private final PipeContext context;
  private final Consumer<MemoryListener> onClose;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Pipe> waiting = new ArrayDeque<>();
  private final Set<StreamId> connected = new HashSet<>();
  private final Map<StreamId, Resume> committed = new LinkedHashMap<>();
  private boolean closed;

  MemoryListener(Address address, PipeContext context, Consumer<MemoryListener> onClose) {
    this.address = address;
    this.context = context;
    this.onClose = onClose;
  }

  /** The other end of a new pipe that will be accepted here. */
  Pipe connect(PipeContext peer) throws PipeException {
    if (peer.encoding() != context.encoding()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          address + " moves " + context.encoding() + ", not " + peer.encoding());
    }
    StreamId asked = peer.stream();
    StreamId stream = asked == null ? new StreamId("memory:" + UUID.randomUUID()) : asked;
    lock.lock();
    try {
      if (closed || waiting.size() >= WAITING_MAX) {
        throw new PipeException.Unreachable(
            Status.RESOURCE_EXHAUSTED, address + " takes no more pipes at the moment", null);
      }
      if (!connected.add(stream)) {
        throw new PipeException.Refused(
            Status.ALREADY_EXISTS, "the stream " + stream + " is connected already");
      }
      MemoryWay forth =
          new MemoryWay(
              stream,
              context.encoding(),
              peer.pool(),
              committed.getOrDefault(stream, Resume.START),
              place -> remember(stream, place));
      MemoryWay back =
          new MemoryWay(
              new StreamId("memory:" + UUID.randomUUID()),
              context.encoding(),
              context.pool(),
              Resume.START,
              place -> {});
      agree(forth, peer.sends(), context.receives());
      agree(back, context.sends(), peer.receives());
      // The id is free again when either end is closed, and each connection frees it once.
      AtomicBoolean freed = new AtomicBoolean();
      Runnable free = () -> free(stream, freed);
      waiting.add(new MemoryPipe(address + " <- " + stream, forth, back, free));
      changed.signal();
      return new MemoryPipe(stream + " -> " + address, back, forth, free);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Pipe accept() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (waiting.isEmpty()) {
        if (closed) {
          throw new PipeException.Closed(Status.CANCELLED, address + " was closed on this side");
        }
        changed.await();
      }
      return waiting.remove();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public void close() {
    ArrayDeque<Pipe> unwanted;
    lock.lock();
    try {
      closed = true;
      unwanted = new ArrayDeque<>(waiting);
      waiting.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    unwanted.forEach(Pipe::close);
    onClose.accept(this);
  }

  private static void agree(MemoryWay way, boolean written, boolean read) {
    if (!written) {
      way.neverWritten();
    }
    if (!read) {
      way.neverRead();
    }
  }

  /** Called with the lock of a way: takes only this one. */
  private void remember(StreamId stream, Resume place) {
    lock.lock();
    try {
      committed.remove(stream);
      committed.put(stream, place);
      if (committed.size() > STREAMS_MAX) {
        committed.remove(committed.keySet().iterator().next());
      }
    } finally {
      lock.unlock();
    }
  }

  private void free(StreamId stream, AtomicBoolean freed) {
    if (freed.compareAndSet(false, true)) {
      lock.lock();
      try {
        connected.remove(stream);
      } finally {
        lock.unlock();
      }
    }
  }
}
