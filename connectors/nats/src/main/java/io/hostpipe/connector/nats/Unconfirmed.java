package io.hostpipe.connector.nats;

import io.hostpipe.Rejection;
import io.hostpipe.spi.UnconfirmedMessage;
import io.nats.client.impl.Headers;
import org.jspecify.annotations.Nullable;

/** A message on its way into a stream, kept in its {@link Window} until the server has it. */
final class Unconfirmed extends UnconfirmedMessage {
  private Place place;
  private final byte[] payload;
  private final Headers headers;
  private long sequence;

  /** Under the lock of the publisher. */
  private @Nullable Way sentOver;

  /**
   * A message to be published.
   *
   * @param headers with the place; what is expected of the server is added when it is sent
   */
  Unconfirmed(Place place, byte[] payload, Headers headers) {
    this(place, payload, headers, null);
  }

  private Unconfirmed(Place place, byte[] payload, Headers headers, @Nullable Rejection refusal) {
    super(place.held().position(), payload.length, refusal);
    this.place = place;
    this.payload = payload;
    this.headers = headers;
  }

  /** A message that is refused here: it waits for those before it, to be told in its turn. */
  static Unconfirmed refused(Place place, Rejection why) {
    return new Unconfirmed(place, new byte[0], new Headers(), why);
  }

  Place place() {
    return place;
  }

  byte[] payload() {
    return payload;
  }

  Headers headers() {
    return headers;
  }

  /** A copy of them, as they were before it was sent for the first time. */
  Headers headersAnew() {
    Headers anew = new Headers(headers);
    anew.remove(Publisher.EXPECTED_LAST_ID, Publisher.EXPECTED_LAST_SEQUENCE);
    return anew;
  }

  /** The message before it was refused after all: it follows on the one before that. */
  void follows(long position) {
    place = place.following(position);
    place.writeTo(headers);
  }

  /** As it stands in the headers. */
  String messageId() {
    return headers.getFirst(Place.MESSAGE_ID);
  }

  void confirm(long underSequence) {
    if (!confirmed()) {
      confirm();
      sequence = underSequence;
    }
  }

  long sequence() {
    return sequence;
  }

  /** The connection that it was last sent over; null before it was sent. */
  @Nullable Way sentOver() {
    return sentOver;
  }

  void sendsOver(Way way) {
    sentOver = way;
  }
}
