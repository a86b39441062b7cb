package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.spi.Republisher;
import io.hostpipe.spi.UnconfirmedMessage;
import java.util.List;

/**
 * A connection that messages of one stream are published over. Thread rule: one thread publishes at
 * a time.
 */
final class StreamWay implements Republisher.Route {
  static final int PUBLISHER = 0;
  private static final int COUNT_BYTES = 4;

  private final StreamConnection connection;

  /** Used again and again, by whoever publishes. */
  private final FrameWriter frame = new FrameWriter(StreamCodes.PUBLISH);

  StreamWay(StreamConnection connection) {
    this.connection = connection;
  }

  StreamConnection connection() {
    return connection;
  }

  /** Writes messages in their order, as many in a frame as it holds. */
  void publish(List<Outgoing> messages) throws PipeException {
    begin();
    int countIndex = frame.lengthBytes() - COUNT_BYTES;
    int count = 0;
    for (Outgoing each : messages) {
      byte[] bytes = each.bytes();
      if (count > 0
          && frame.lengthBytes() + 8 + COUNT_BYTES + bytes.length > connection.frameBytesMax()) {
        frame.int32At(countIndex, count);
        connection.send(frame);
        begin();
        count = 0;
      }
      frame.int64(each.publishingId()).bytes(bytes);
      count++;
    }
    if (count > 0) {
      frame.int32At(countIndex, count);
      connection.send(frame);
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

  private void begin() {
    frame.begin(StreamCodes.PUBLISH).int8(PUBLISHER).int32(0);
  }

  /** A message on its way into a stream. Thread rule: as {@link UnconfirmedMessage}. */
  static final class Outgoing extends UnconfirmedMessage {
    private final long publishingId;
    private final byte[] bytes;

    /** A message to be published. */
    Outgoing(StreamPlace place, byte[] bytes) {
      super(place.held().position(), bytes.length, null);
      this.publishingId = place.publishingId();
      this.bytes = bytes;
    }

    /** A message that is refused here. */
    Outgoing(long endPosition, Rejection why) {
      super(endPosition, 0, why);
      this.publishingId = StreamPlace.publishingId(endPosition, false);
      this.bytes = new byte[0];
    }

    long publishingId() {
      return publishingId;
    }

    byte[] bytes() {
      return bytes;
    }
  }
}
