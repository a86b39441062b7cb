package io.hostpipe.connector.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.hostpipe.runtime.Anteroom;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.access.Limits;
import io.hostpipe.runtime.tls.TlsServer;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one port, and how many of them strangers may have: so many in all and so many
 * of one host, as on every port. The one that has stood there longest makes room.
 *
 * <p>Thread rule: any thread.
 */
final class Callers {
  private final ConcurrentHashMap<Between, Caller> open = new ConcurrentHashMap<>();
  private final Anteroom<Caller> strangers;
  private final SessionOptions options;
  private final Predicate<Link> told;

  /**
   * Of a port.
   *
   * @param told takes the links of those who are turned away, so that they are told of where all
   *     strangers are
   */
  Callers(SessionOptions options, Predicate<Link> told) {
    Limits limits = options.access().limits();
    this.strangers = new Anteroom<>(limits.strangersMax(), limits.strangersPerHostMax());
    this.options = options;
    this.told = told;
  }

  /**
   * A connection that came in.
   *
   * @param tls null on a plain port
   * @param handOn gives it to who serves it
   */
  void take(Channel connection, @Nullable TlsServer tls, Runnable handOn) {
    Caller caller = new Caller(connection, options, strangers::leave, told);
    caller.stand(tls);
    Between between = new Between(connection.remoteAddress(), connection.localAddress());
    // Before anything can be called on it.
    open.put(between, caller);
    Caller oldest = strangers.enter(caller, caller.host());
    handOn.run();
    var _ =
        connection
            .closeFuture()
            .addListener(closed -> {
              open.remove(between, caller);
              strangers.leave(caller);
              caller.onClosed();
            });
    caller.begin();
    if (oldest != null) {
      oldest.turnAway("turned away, too many others wait to be greeted");
    }
  }

  /** The call that begins on this very thread. */
  Incoming begun(Attributes call) {
    SocketAddress peer = call.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    SocketAddress here = call.get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR);
    Caller caller = open.get(new Between(peer, here));
    return new Incoming(caller, caller == null ? 0 : caller.lastCall());
  }

  /** What tells one connection from all others that are open. */
  private record Between(@Nullable SocketAddress peer, @Nullable SocketAddress here) {}
}
