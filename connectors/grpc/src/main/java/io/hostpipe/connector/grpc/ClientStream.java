package io.hostpipe.connector.grpc;

import io.grpc.Status;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.connector.grpc.proto.ClientFrame;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One stream of foreign clients: a session of this process with its own listener, which lives on
 * while calls come and go.
 *
 * <p>Design: to the listener this is a Hostpipe that dialed, so everything it knows of streams,
 * positions, credit and ends holds for clients that know nothing of it. The link between the two is
 * in memory ({@link Loopback}). What a call must have to go on where another one broke is here.
 *
 * <p>All state belongs to one virtual thread, which takes one event after the other. Calls post
 * events; those of a call that was replaced are ignored. The queue is bounded by what calls may
 * have under way ({@link Attached}) and by the window of the session.
 */
abstract class ClientStream {
  /** How long a stream that ended answers a client that did not hear of it. */
  private static final Duration ENDED_KEPT = Duration.ofMinutes(1);

  /** Something that happened; run by the stream's thread. */
  interface Event {
    void happen() throws PipeException, ClientFailure, InterruptedException;
  }

  final String id;
  final Pipe pipe;
  private final Duration giveUp;
  private final Runnable whenOver;
  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private boolean over;
  private boolean ended;
  private boolean stopping;
  private @Nullable Attached current;

  /**
   * A stream of this pipe, which it owns.
   *
   * @param giveUp how long it waits for a call
   * @param whenOver run once, when it takes no call any more
   */
  ClientStream(String id, Pipe pipe, Duration giveUp, Runnable whenOver) {
    this.id = id;
    this.pipe = pipe;
    this.giveUp = giveUp;
    this.whenOver = whenOver;
  }

  // ------------------------------------------------------------- what differs

  /** Finds out where the stream stands. Blocks. */
  abstract void begin() throws PipeException, ClientFailure, InterruptedException;

  /** Tells the current call where it goes on. */
  abstract void welcome(Attached call) throws PipeException;

  abstract void onFrame(Attached call, ClientFrame frame)
      throws PipeException, ClientFailure, InterruptedException;

  /** The current call takes more. */
  abstract void onMoreRoom(Attached call) throws PipeException;

  /** The current call will say nothing more. */
  abstract void onSilent(Attached call) throws PipeException;

  // ------------------------------------------------------------- from calls, any thread

  final void start() {
    Thread.ofVirtual().name("hostpipe-grpc-stream").start(this::run);
  }

  /** Whether it will be this call's turn; not when the stream is over. */
  final boolean attach(Attached call) {
    return post(() -> {
      Attached old = current;
      current = call;
      if (old != null) {
        old.close(Status.ABORTED.withDescription("another call goes on with stream " + id));
      }
      welcome(call);
    });
  }

  final void post(Attached call, ClientFrame frame) {
    boolean _ =
        post(() -> {
          if (call == current) {
            onFrame(call, frame);
            call.handled(frame);
          }
        });
  }

  final void onReady(Attached call) {
    boolean _ =
        post(() -> {
          if (call == current) {
            onMoreRoom(call);
          }
        });
  }

  final void onHalfClosed(Attached call) {
    boolean _ =
        post(() -> {
          if (call == current) {
            onSilent(call);
          }
        });
  }

  final void onDetached(Attached call) {
    boolean _ =
        post(() -> {
          if (call == current) {
            current = null;
          }
        });
  }

  /** The listener has ended. */
  final void stop() {
    boolean _ = post(() -> stopping = true);
  }

  // ------------------------------------------------------------- for those below

  /** Whether it was still taken. Any thread. */
  final boolean post(Event event) {
    lock.lock();
    try {
      return !over && events.add(event);
    } finally {
      lock.unlock();
    }
  }

  /** A thread of this stream that blocks in the pipe; what ends it ends the stream. */
  final void inBackground(Event work) {
    Thread.ofVirtual()
        .name("hostpipe-grpc-pump")
        .start(() -> {
          try {
            work.happen();
          } catch (PipeException e) {
            boolean _ =
                post(() -> {
                  if (!ended) {
                    throw e;
                  }
                });
          } catch (ClientFailure e) {
            throw new IllegalStateException("no client is heard here", e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  final @Nullable Attached current() {
    return current;
  }

  final boolean ended() {
    return ended;
  }

  /** Everything is done: the pipe is let go of, and late clients are told for a while. */
  final void end() {
    ended = true;
    pipe.close();
  }

  /** The call is answered; the stream waits for another one. */
  final void leave(Attached call, Status status) {
    call.close(status);
    current = null;
  }

  // ------------------------------------------------------------- the thread

  private void run() {
    Status last = Status.UNAVAILABLE.withDescription("the listener has ended");
    try {
      begin();
      while (!stopping) {
        Event event = nextEvent();
        if (event == null) {
          break;
        }
        try {
          event.happen();
        } catch (ClientFailure e) {
          // The client's mistake: it may come back and do better.
          Attached call = current;
          if (call != null) {
            leave(call, e.status());
          }
        }
      }
    } catch (PipeException e) {
      last = ClientFailure.statusOf(e);
    } catch (ClientFailure e) {
      last = e.status();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      last = Status.INTERNAL.withDescription("a mistake of Hostpipe's own, please report it: " + e);
    } finally {
      finish(last);
    }
  }

  private @Nullable Event nextEvent() throws InterruptedException {
    if (current != null) {
      return events.take();
    }
    Duration patience = ended ? ENDED_KEPT : giveUp;
    return events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void finish(Status last) {
    lock.lock();
    try {
      over = true;
    } finally {
      lock.unlock();
    }
    whenOver.run();
    pipe.close();
    Attached call = current;
    if (call != null) {
      call.close(last);
    }
    // Calls that came too late, in the order in which they came.
    current = null;
    stopping = true;
    for (Event event = events.poll(); event != null; event = events.poll()) {
      answer(event, last);
    }
  }

  private void answer(Event event, Status last) {
    try {
      event.happen();
    } catch (PipeException | ClientFailure e) {
      // What it was about is over.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Attached call = current;
    if (call != null) {
      leave(call, last);
    }
  }
}
