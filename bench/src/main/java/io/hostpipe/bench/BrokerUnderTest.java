package io.hostpipe.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * A broker with a server of its own, and what is measured on it: Hostpipe and the broker's own tool
 * in turns, with the same settings, each in a JVM that was started for it.
 *
 * <p>Thread rule: one thread.
 */
interface BrokerUnderTest extends AutoCloseable {
  /**
   * A broker that has been started.
   *
   * @param name nats, rabbitmq, rabbitmq-streams or kafka
   * @param folder where it keeps what is written
   */
  static BrokerUnderTest start(String name, Path folder) throws Exception {
    return switch (name) {
      case "nats" -> new NatsUnderTest(folder);
      case "rabbitmq" -> new RabbitUnderTest(folder);
      case "rabbitmq-streams" -> new StreamsUnderTest(folder);
      case "kafka" -> new KafkaUnderTest(folder);
      default -> throw new IllegalArgumentException("no broker is called " + name);
    };
  }

  /**
   * So many messages.
   *
   * @param name for the table
   */
  record Load(String name, int count, int lengthBytes) {
    /** More messages of the same length, for what takes them fast: else it only starts. */
    Load times(int factor) {
      return new Load(name, Math.multiplyExact(count, factor), lengthBytes);
    }
  }

  /** One figure of one contender. */
  interface Run {
    /** Messages a second. */
    double measure() throws Exception;
  }

  /**
   * A contender for one figure.
   *
   * @param name for the table
   * @param run what it does
   */
  record Contender(String name, Run run) {}

  /**
   * What contenders do in one round, one after another: all of them for one figure.
   *
   * @param figure for the table
   * @param load that each of them has
   * @param contenders in any order
   */
  record Contest(String figure, Load load, List<Contender> contenders) {}

  /** What is measured in one round. They build on each other, in this order. */
  List<Contest> contests(Load load, String place) throws Exception;

  /** Takes away what a round has left. */
  void remove(String place) throws Exception;

  @Override
  void close();
}
