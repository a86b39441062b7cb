package io.hostpipe.bench;

import io.hostpipe.Address;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What an idle pipe costs in memory on the listening side: many pipes on one listener in this JVM,
 * dialed from another.
 *
 * <p>The figures are differences between few pipes and all of them, each taken after two heartbeats
 * and a full collection, divided by the number between: heap, direct memory, and what the operating
 * system counts as resident.
 */
public final class IdlePipes {
  /** Pipes that stand before the first measurement, so that classes and buffers are there. */
  private static final int FIRST_COUNT = 100;

  /** How many dial at a time. */
  private static final int GROUP_COUNT = 100;

  private IdlePipes() {}

  /**
   * Words: how many pipes, how many seconds to let them settle; {@code dial}, a port and how many
   * is the other JVM.
   */
  public static void main(String[] words) throws Exception {
    if (words[0].equals("dial")) {
      dial(Integer.parseInt(words[1]), Integer.parseInt(words[2]));
    } else {
      measure(Integer.parseInt(words[0]), Long.parseLong(words[1]));
    }
  }

  private static void measure(int count, long settleSeconds) throws Exception {
    Figures figures = new Figures("idle");
    int all = FIRST_COUNT + count;
    try (Listener listener =
        Hostpipe.listen("tcp-listen://127.0.0.1:0/idle?backlog=" + 2 * GROUP_COUNT)) {
      String port = String.valueOf(listener.address().port());
      List<Pipe> pipes = new ArrayList<>(all);
      try (OtherJvm first = dialers(port, FIRST_COUNT)) {
        accept(listener, pipes, first, FIRST_COUNT);
        Memory before = Memory.settled(settleSeconds);
        try (OtherJvm others = dialers(port, count)) {
          accept(listener, pipes, others, all);
          Memory after = Memory.settled(settleSeconds);
          figures.tell("heap", "hostpipe", 1, perPipe(after.heap - before.heap, count), "KiB/pipe");
          figures.tell(
              "direct", "hostpipe", 1, perPipe(after.direct - before.direct, count), "KiB/pipe");
          figures.tell(
              "resident",
              "hostpipe",
              1,
              perPipe(after.resident - before.resident, count),
              "KiB/pipe");
        }
      }
    }
    // Thousands of farewells to peers that are gone are not what is measured here.
    Runtime.getRuntime().halt(0);
  }

  private static double perPipe(long bytes, int count) {
    return bytes / 1024.0 / count;
  }

  private static OtherJvm dialers(String port, int count) throws IOException {
    return OtherJvm.start(IdlePipes.class, List.of("dial", port, String.valueOf(count)));
  }

  private static void accept(Listener listener, List<Pipe> pipes, OtherJvm dialers, int count)
      throws Exception {
    while (pipes.size() < count) {
      pipes.add(listener.accept());
    }
    dialers.line();
  }

  private static void dial(int port, int count) throws Exception {
    Address address = Address.parse("tcp://127.0.0.1:" + port + "/idle");
    PipeContext context = PipeContext.messages(Hostpipe.pool());
    List<Pipe> pipes = new ArrayList<>(count);
    while (pipes.size() < count) {
      int welcomed = pipes.size();
      for (int index = 0; index < GROUP_COUNT && pipes.size() < count; index++) {
        pipes.add(Hostpipe.connect(address, context));
      }
      for (Pipe pipe : pipes.subList(welcomed, pipes.size())) {
        pipe.sink().resume();
      }
    }
    OtherJvm.sayAndStay(pipes.size() + " pipes");
  }

  /** What this process holds, in bytes. */
  private record Memory(long heap, long direct, long resident) {
    static Memory settled(long seconds) throws IOException {
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
      for (long rest = until - System.nanoTime(); rest > 0; rest = until - System.nanoTime()) {
        LockSupport.parkNanos(rest);
      }
      System.gc();
      System.gc();
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      long direct =
          ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
              .filter(pool -> pool.getName().equals("direct"))
              .mapToLong(BufferPoolMXBean::getMemoryUsed)
              .sum();
      return new Memory(heap, direct, residentBytes());
    }

    private static long residentBytes() throws IOException {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow(() -> new IOException("/proc/self/status has no VmRSS"));
    }
  }
}
