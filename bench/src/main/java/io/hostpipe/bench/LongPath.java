package io.hostpipe.bench;

import io.hostpipe.runtime.fault.FaultProxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * A path of a given round trip and rate to a port of loopback, for one transfer of a given size.
 *
 * <p>Says where it listens; and in the end, as one line, which share of its rate was filled from
 * the second half of the transfer on, and over all of it: between the two lies how long a link
 * takes to find out what the path carries.
 */
final class LongPath {
  private static final long LOOK_NANOS = 2_000_000;

  /** The last of it is left out: in it ends are confirmed, and nothing fills a path. */
  private static final double MEASURED_TO = 0.98;

  private LongPath() {}

  /** The words: target port, round trip in ms, rate in Mbit/s, size of the transfer in MiB. */
  public static void main(String[] words) throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    long bytesPerSecond = Long.parseLong(words[2]) * 1_000_000 / 8;
    long sizeBytes = Long.parseLong(words[3]) << 20;
    try (FaultProxy proxy =
        FaultProxy.to(new InetSocketAddress(loopback, Integer.parseInt(words[0])))) {
      proxy.pace(bytesPerSecond);
      proxy.delay(Duration.ofMillis(Long.parseLong(words[1])).dividedBy(2));
      IO.println("listening on " + proxy.address().getPort());
      // A greeting or two have passed when the transfer begins.
      long beginNanos = await(proxy, 10_000);
      long beginBytes = proxy.passedBytes();
      long middleNanos = await(proxy, sizeBytes / 2);
      long middleBytes = proxy.passedBytes();
      long endNanos = await(proxy, (long) (sizeBytes * MEASURED_TO));
      long endBytes = proxy.passedBytes();
      IO.println(
          share(endBytes - middleBytes, endNanos - middleNanos, bytesPerSecond)
              + " "
              + share(endBytes - beginBytes, endNanos - beginNanos, bytesPerSecond));
      // The rest of it shall arrive.
      while (true) {
        LockSupport.parkNanos(Duration.ofDays(1).toNanos());
      }
    }
  }

  private static String share(long bytes, long nanos, long bytesPerSecond) {
    return "%.4g".formatted(bytes * 1e9 / nanos / bytesPerSecond);
  }

  private static long await(FaultProxy proxy, long bytes) {
    while (proxy.passedBytes() < bytes) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return System.nanoTime();
  }
}
