package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The way to a server that keeps a stream. Any server of a cluster knows which those are, and can
 * be written to; only they can be read from, and a writer reads too, to find its place.
 *
 * <p>Static; blocks.
 */
final class Keepers {
  private Keepers() {}

  /**
   * Connects to one of the servers that the options name, or to one that it names because it does
   * not keep the stream itself. What is known of no stream is left to whoever uses the connection.
   *
   * @param tries so many before
   */
  static StreamConnection connect(
      StreamOptions options, StreamConnection.Listener listener, int tries)
      throws PipeException, InterruptedException {
    StreamConnection connection = StreamConnection.open(options, listener, tries);
    boolean whole = false;
    List<Server> keepers;
    try {
      keepers = new Streams(connection, options).keepers();
      Server self = connection.advertised();
      whole = keepers.isEmpty() || self == null || keepers.contains(self);
      if (whole) {
        return connection;
      }
    } finally {
      if (!whole) {
        connection.close();
      }
    }
    return lead(options, listener, keepers);
  }

  private static StreamConnection lead(
      StreamOptions options, StreamConnection.Listener listener, List<Server> keepers)
      throws PipeException {
    PipeException.@Nullable Unreachable last = null;
    for (Server each : keepers) {
      try {
        return StreamConnection.open(options, each, listener);
      } catch (PipeException.Unreachable e) {
        last = e;
      }
    }
    throw new PipeException.Unreachable(
        options.address()
            + ": the stream "
            + options.name()
            + " is kept by other servers than this one ("
            + keepers.stream()
                .map(each -> each.host() + ":" + each.port())
                .collect(Collectors.joining(", "))
            + "), and none of them can be reached under these names from here; name one that can"
            + " with server=HOST:PORT",
        last);
  }
}
