package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.Channel;
import io.hostpipe.spi.Republisher;

/** A connection that messages are published over, each itself and no other. Immutable. */
final class Way implements Republisher.Route {
  private final RabbitConnection connection;
  private final Channel channel;

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

  @Override
  public void close() {
    connection.close();
  }

  @Override
  public void abandon() {
    connection.abandon();
  }
}
