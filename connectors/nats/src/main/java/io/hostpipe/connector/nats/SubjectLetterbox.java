package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Letterbox;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * The messages of a subject in JetStream: their numbers are the sequences in their stream, and what
 * is taken out is deleted there.
 *
 * <p>Thread rule: as {@link Letterbox}.
 */
final class SubjectLetterbox implements Letterbox {
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

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
      StreamInfo found = new Streams(connection, options).find();
      if (found == null) {
        throw new PipeException.Unreachable(
            Status.NOT_FOUND,
            options.address() + ": no stream of JetStream has this subject: nothing lies there",
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
      long last = reader.lastSequence();
      boolean wanted = true;
      for (long sequence = 0; wanted && sequence < last; ) {
        Message message = reader.inbox().poll(SILENCE_NANOS);
        if (message == null) {
          throw new PipeException.Unreachable(
              options.address() + ": its messages cannot be read: no answer", null);
        }
        sequence = OrderedReader.sequence(message);
        Place place = Place.of(message.getHeaders());
        if (place == null || !place.end()) {
          wanted =
              visitor.letter(
                  sequence,
                  ByteBuffer.wrap(message.getData()),
                  NatsHeaders.read(message.getHeaders()));
        }
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
