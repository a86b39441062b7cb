package io.hostpipe.connector.grpc;

import io.grpc.Status;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.connector.grpc.proto.Direction;
import io.hostpipe.connector.grpc.proto.Open;
import io.hostpipe.runtime.BearerDoor;
import io.hostpipe.runtime.Dialer;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.Sessions;
import io.hostpipe.runtime.access.Principal;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RetryPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The streams of foreign clients on one port, by name and id. Thread rule: any thread. */
final class ClientStreams {
  /** How many streams, those included that wait for their client or have just ended. */
  private static final int STREAM_COUNT_MAX = 10_000;

  /** The link is in memory: what is refused once is refused. */
  private static final RetryPolicy ONCE =
      new RetryPolicy(Duration.ofSeconds(30), 0, Duration.ofMillis(50), Duration.ofMillis(50));

  private final Predicate<Link> door;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable BearerDoor bearers;
  private final ConcurrentHashMap<String, Served> served = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Key, ClientStream> streams = new ConcurrentHashMap<>();

  /**
   * Streams whose sessions come in through this door.
   *
   * @param door takes a link as if it had been dialed; whether there was room
   */
  ClientStreams(Predicate<Link> door) {
    this.door = door;
  }

  /** From now on clients find this name. */
  void serve(String name, PipeContext context, SessionOptions options) {
    lock.lock();
    try {
      if (bearers == null) {
        // All names of a place have one access.
        bearers = new BearerDoor(options, context.events());
      }
    } finally {
      lock.unlock();
    }
    served.put(name, new Served(context, options));
  }

  /** Who shows this token; null where none is asked for. */
  @Nullable Principal admit(@Nullable String authorization, String peer) throws ClientFailure {
    BearerDoor now = bearers;
    if (now == null) {
      throw new ClientFailure(Status.Code.UNAVAILABLE, "nobody listens here yet");
    }
    try {
      return now.admit(authorization, peer);
    } catch (PipeException e) {
      throw new ClientFailure(
          Status.fromCodeValue(e.status().code()).getCode(), String.valueOf(e.getMessage()));
    }
  }

  /** Gives the call to its stream, which is made when there is none. Does not block. */
  ClientStream attach(Open open, Attached call) throws ClientFailure {
    Principal admitted = call.admitted();
    if (admitted != null) {
      checkRights(admitted, open);
    }
    Served at = served.get(open.getPipe());
    if (at == null) {
      throw new ClientFailure(
          Status.Code.NOT_FOUND, "nobody listens for '" + open.getPipe() + "' here");
    }
    String owner = admitted == null ? call.principal() : admitted.name();
    Key key = new Key(open.getPipe(), idOf(open), open.getDirection(), owner);
    while (true) {
      ClientStream known = streams.get(key);
      if (known == null) {
        if (streams.size() >= STREAM_COUNT_MAX) {
          throw new ClientFailure(
              Status.Code.RESOURCE_EXHAUSTED, STREAM_COUNT_MAX + " streams are open already");
        }
        known = make(key, at, call);
        ClientStream other = streams.putIfAbsent(key, known);
        if (other == null) {
          // The call first: a stream that cannot begin tells it why.
          boolean attached = known.attach(call);
          known.start();
          if (attached) {
            return known;
          }
        } else {
          known.pipe.close();
          known = other;
        }
      }
      if (known.attach(call)) {
        return known;
      }
      streams.remove(key, known);
    }
  }

  /** The port closes. */
  void close() {
    streams.values().forEach(ClientStream::stop);
  }

  /** What pipes there are is no business of who may not have any of that name. */
  private static void checkRights(Principal principal, Open open) throws ClientFailure {
    String pipe = open.getPipe();
    boolean sends = open.getDirection() == Direction.DIRECTION_SEND;
    if (!principal.rights().covers(pipe)) {
      throw new ClientFailure(
          Status.Code.PERMISSION_DENIED,
          principal.name() + " has no right to a pipe '" + pipe + "'");
    }
    if (sends ? !principal.rights().writes() : !principal.rights().reads()) {
      throw new ClientFailure(
          Status.Code.PERMISSION_DENIED,
          principal.name() + " may not " + (sends ? "write to '" : "read from '") + pipe + "'");
    }
  }

  private static String idOf(Open open) throws ClientFailure {
    if (open.getStream().isEmpty()) {
      return "grpc-" + UUID.randomUUID();
    }
    try {
      return new StreamId(open.getStream()).value();
    } catch (IllegalArgumentException e) {
      throw new ClientFailure(Status.Code.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
    }
  }

  private ClientStream make(Key key, Served at, Attached call) throws ClientFailure {
    boolean sends =
        switch (key.direction) {
          case DIRECTION_SEND -> true;
          case DIRECTION_RECEIVE -> false;
          case DIRECTION_UNSPECIFIED, UNRECOGNIZED ->
              throw new ClientFailure(
                  Status.Code.INVALID_ARGUMENT,
                  "a direction has to be DIRECTION_SEND or DIRECTION_RECEIVE");
        };
    PipeContext context =
        PipeContext.messages(at.context.pool())
            .withEncoding(at.context.encoding())
            .withStream(new StreamId(key.stream))
            .withDirections(sends, !sends)
            .withRetry(ONCE)
            .withEvents(PipeEvents.SILENT);
    Pipe pipe;
    try {
      String where = "stream " + key.stream + " of '" + key.name + "'";
      pipe = Sessions.connect(key.name, where, new Door(call), context, at.options);
    } catch (PipeException e) {
      throw new ClientFailure(Status.Code.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
    }
    Duration giveUp = at.context.retry().giveUp();
    ClientStream[] made = new ClientStream[1];
    Runnable whenOver = () -> streams.remove(key, made[0]);
    made[0] =
        sends
            ? new SendingStream(key.stream, pipe, at.context.encoding(), giveUp, whenOver)
            : new ReceivingStream(key.stream, pipe, giveUp, whenOver);
    return made[0];
  }

  /** A client of another name is another one: that the stream is not his, the session tells him. */
  private record Key(String name, String stream, Direction direction, @Nullable String owner) {}

  private record Served(PipeContext context, SessionOptions options) {}

  /** Dials the listener of this process. */
  private final class Door implements Dialer {
    private final String client;
    private final @Nullable String principal;
    private final @Nullable Principal admitted;

    Door(Attached call) {
      this.client = call.peer();
      this.principal = call.principal();
      this.admitted = call.admitted();
    }

    @Override
    public Link dial() throws IOException {
      Loopback[] ends = Loopback.pair(client, principal, admitted);
      if (!door.test(ends[1])) {
        throw new IOException("the listener takes no more links now");
      }
      return ends[0];
    }

    @Override
    public String peer() {
      return "this process";
    }
  }
}
