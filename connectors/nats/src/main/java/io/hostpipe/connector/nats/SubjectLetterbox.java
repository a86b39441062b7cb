package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Letterbox;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The messages of a subject in JetStream: their numbers are the sequences in their stream, and what
 * is taken out is deleted there.
 *
 * <p>Thread rule: as {@link Letterbox}.
 */
final class SubjectLetterbox implements Letterbox {
  private final NatsOptions options;
  private final NatsConnection connection;
  private final String stream;

  private SubjectLetterbox(NatsOptions options, NatsConnection connection, String stream) {
    this.options = options;
    this.connection = connection;
    this.stream = stream;
  }

  /** Opens a subject that a stream has. */
  static SubjectLetterbox open(NatsOptions options) throws PipeException, InterruptedException {
    NatsConnection connection = NatsConnection.open(options, () -> {});
    boolean whole = false;
    try {
      Streams streams = new Streams(connection, options);
      StreamInfo found = streams.find();
      if (found == null) {
        throw new PipeException.Unreachable(
            Status.NOT_FOUND,
            options.address() + ": " + streams.none() + ": nothing lies there",
            null);
      }
      SubjectLetterbox box =
          new SubjectLetterbox(options, connection, found.getConfiguration().getName());
      whole = true;
      return box;
    } finally {
      if (!whole) {
        connection.close();
      }
    }
  }

  @Override
  public void forEach(Visitor visitor) throws PipeException, InterruptedException {
    try (OrderedReader reader = OrderedReader.open(options, null)) {
      Sweep sweep =
          new Sweep(
              reader.inbox(),
              reader.lastSequence(),
              reader::askLastSequence,
              reader.isReplicated(),
              options.address() + ": its messages cannot be read");
      Message message = sweep.next();
      while (message != null) {
        Place place = Place.of(message.getHeaders());
        boolean shown = place == null || !place.end();
        boolean wanted =
            !shown
                || visitor.letter(
                    OrderedReader.sequence(message),
                    ByteBuffer.wrap(message.getData()),
                    NatsHeaders.read(message.getHeaders()));
        message = wanted ? sweep.next() : null;
      }
    }
  }

  @Override
  public void remove(long number) throws PipeException {
    try {
      var _ = connection.nats().jetStreamManagement().deleteMessage(stream, number);
    } catch (JetStreamApiException e) {
      if (!JetStreamErrors.isNotFound(e)) {
        throw connection.failed("message " + number + " cannot be deleted", e);
      }
    } catch (IOException e) {
      throw connection.failed("message " + number + " cannot be deleted", e);
    }
  }

  @Override
  public void close() {
    connection.close();
  }
}
