package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.Channel;
import io.hostpipe.PipeException;
import io.hostpipe.spi.Republisher;
import org.jspecify.annotations.Nullable;

/**
 * A connection that messages are published over, each itself and no other.
 *
 * <p>Thread rule: any thread.
 */
final class Way implements Republisher.Route {
  private final RabbitConnection connection;
  private final Channel channel;
  private volatile boolean blocked;
  private volatile @Nullable PipeException doubt;

  /**
   * A new one.
   *
   * @param channel whose confirmations are asked for
   */
  Way(RabbitConnection connection, Channel channel) {
    this.connection = connection;
    this.channel = channel;
  }

  RabbitConnection connection() {
    return connection;
  }

  Channel channel() {
    return channel;
  }

  /** The server takes nothing for now and has said so, or takes messages again. */
  void blocked(boolean now) {
    blocked = now;
  }

  boolean isBlocked() {
    return blocked;
  }

  /** Something about it is doubtful; only the first counts. */
  void doubt(PipeException why) {
    if (doubt == null) {
      doubt = why;
    }
  }

  /**
   * That nothing about it is doubtful.
   *
   * @throws PipeException what is
   */
  void check() throws PipeException {
    PipeException why = doubt;
    if (why != null) {
      throw why;
    }
  }

  @Override
  public void close() {
    connection.close();
  }

  @Override
  public void abandon() {
    connection.abandon();
  }
}
