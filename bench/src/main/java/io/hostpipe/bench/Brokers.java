package io.hostpipe.bench;

import io.hostpipe.bench.BrokerUnderTest.Contender;
import io.hostpipe.bench.BrokerUnderTest.Contest;
import io.hostpipe.bench.BrokerUnderTest.Load;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Publishing and consuming with a broker, beside the broker's own tool on the same server.
 *
 * <p>Each contender has a JVM of its own for each figure of each round. Its first quarter warms up
 * and is in no rate, nor is the start of the JVM: what is told is the rate of the rest, up to the
 * last message that is confirmed or read.
 */
public final class Brokers {
  private static final int SHORT_BYTES = 100;
  private static final int LONG_BYTES = 10 << 10;

  /** A long message stands for so many short ones in the length of a run. */
  private static final int SHORT_FOR_LONG = 16;

  private static final double MILLION = 1e6;

  private Brokers() {}

  /**
   * Words: the broker, how many rounds, how many messages of 100 bytes, and the folder in which its
   * server gets one of its own, on a disk.
   */
  public static void main(String[] words) throws Exception {
    int rounds = Integer.parseInt(words[1]);
    int count = Integer.parseInt(words[2]);
    Figures figures = new Figures(words[0]);
    Path folder = Files.createTempDirectory(Path.of(words[3]).toAbsolutePath(), words[0] + "-");
    try (BrokerUnderTest broker = BrokerUnderTest.start(words[0], folder)) {
      for (int round = 1; round <= rounds; round++) {
        measure(broker, new Load("100 B", count, SHORT_BYTES), round, figures);
        measure(broker, new Load("10 KiB", count / SHORT_FOR_LONG, LONG_BYTES), round, figures);
      }
    } finally {
      delete(folder);
    }
  }

  private static void measure(BrokerUnderTest broker, Load load, int round, Figures figures)
      throws Exception {
    String place = "bench-" + load.lengthBytes() + "-" + round;
    try {
      for (Contest contest : broker.contests(load, place)) {
        List<Contender> inTurn = new ArrayList<>(contest.contenders());
        Collections.rotate(inTurn, round);
        for (Contender each : inTurn) {
          String figure = contest.figure() + " " + load.name();
          double before = ChildTime.seconds();
          figures.tell(figure, each.name(), round, each.run().measure(), "msg/s");
          double spent = (ChildTime.seconds() - before) * MILLION / contest.load().count();
          figures.tell("cpu of " + figure, each.name(), round, spent, "s/M");
        }
      }
    } finally {
      broker.remove(place);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      all.sorted(Comparator.reverseOrder())
          .forEach(each -> {
            try {
              Files.deleteIfExists(each);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }
}
