package io.hostpipe.connector.nats;

import io.hostpipe.Rejection;
import io.hostpipe.spi.UnconfirmedMessage;
import io.nats.client.impl.Headers;
import org.jspecify.annotations.Nullable;

/** A message on its way into a stream, kept in its {@link Window} until the server has it. */
final class Unconfirmed extends UnconfirmedMessage {
  /** What the headers of Hostpipe take at most, beside those of the message. */
  static final int HEADERS_BYTES_MAX = 2 << 10;

  /** What is expected of the server, in the header of a message. */
  private static final int EXPECTED_BYTES = 128;

  private Place place;
  private final String messageId;
  private final byte[] payload;
  private final @Nullable Headers own;
  private long sequence;

  /**
   * A message to be published.
   *
   * @param own the headers that it has of its own, without its place; null for none
   */
  Unconfirmed(Place place, byte[] payload, @Nullable Headers own) {
    this(place, payload, own, null);
  }

  private Unconfirmed(
      Place place, byte[] payload, @Nullable Headers own, @Nullable Rejection refusal) {
    super(place.held().position(), payload.length, refusal);
    this.place = place;
    this.messageId = place.messageId();
    this.payload = payload;
    this.own = own;
  }

  /** A message that is refused here: it waits for those before it, to be told in its turn. */
  static Unconfirmed refused(Place place, Rejection why) {
    return new Unconfirmed(place, new byte[0], null, why);
  }

  Place place() {
    return place;
  }

  byte[] payload() {
    return payload;
  }

  /** New ones with its place, to which is added what is expected of the server. */
  Headers headers() {
    Headers headers = own == null ? new Headers() : new Headers(own);
    headers.put(Place.MESSAGE_ID, messageId);
    place.writeTo(headers);
    return headers;
  }

  /** The message before it was refused after all: it follows on the one before that. */
  void follows(long position) {
    place = place.following(position);
  }

  /**
   * Whether it is longer than that with its headers, which are measured where it matters: those of
   * Hostpipe alone are short.
   */
  boolean isLongerThan(long maxBytes) {
    return (own != null || payload.length > maxBytes - HEADERS_BYTES_MAX)
        && (long) payload.length + headers().serializedLength() + EXPECTED_BYTES > maxBytes;
  }

  /** As it stands in the headers. */
  String messageId() {
    return messageId;
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
}
