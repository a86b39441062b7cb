package io.hostpipe.connector.grpc;

import io.grpc.Server;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The links of this process that the transport has not seen the end of.
 *
 * <p>A socket's system sends what was written even when the process is gone. Here the last bytes
 * may still lie in a queue of this process: so when it ends, links are closed, and waited for a
 * moment. Thread rule: any thread.
 */
final class OpenLinks {
  private static final long FAREWELL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private static final Set<GrpcLink> OPEN = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(OpenLinks::closeAll, "hostpipe-farewell"));
  }

  private static final Set<Server> CLOSING = ConcurrentHashMap.newKeySet();

  private OpenLinks() {}

  static void add(GrpcLink link) {
    OPEN.add(link);
  }

  static void remove(GrpcLink link) {
    OPEN.remove(link);
  }

  /** A server that was shut down may still have answers to send. */
  static void addClosing(Server server) {
    CLOSING.removeIf(Server::isTerminated);
    CLOSING.add(server);
  }

  private static void closeAll() {
    OPEN.forEach(GrpcLink::close);
    long deadlineNanos = System.nanoTime() + FAREWELL_NANOS;
    while (!allSaid() && System.nanoTime() - deadlineNanos < 0) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static boolean allSaid() {
    return OPEN.isEmpty() && CLOSING.stream().allMatch(Server::isTerminated);
  }
}
