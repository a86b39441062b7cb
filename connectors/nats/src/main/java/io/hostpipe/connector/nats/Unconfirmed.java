package io.hostpipe.connector.nats;

import io.hostpipe.Rejection;
import io.nats.client.impl.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way into a stream, kept until the server has confirmed it.
 *
 * <p>Thread rule: what changes, under the lock of its {@link Window}.
 */
final class Unconfirmed {
  private Place place;
  private final byte[] payload;
  private final Headers headers;
  private @Nullable Rejection refusal;

  private boolean confirmed;
  private long sequence;
  private long sentNanos;

  /** Under the lock of the publisher. */
  private @Nullable Way sentOver;

  /**
   * A message to be published.
   *
   * @param headers with the place, and without what is expected of the server
   */
  Unconfirmed(Place place, byte[] payload, Headers headers) {
    this(place, payload, headers, null);
  }

  private Unconfirmed(Place place, byte[] payload, Headers headers, @Nullable Rejection refusal) {
    this.place = place;
    this.payload = payload;
    this.headers = headers;
    this.refusal = refusal;
    this.confirmed = refusal != null;
  }

  /** A message that is refused here: it waits for those before it, to be told in its turn. */
  static Unconfirmed refused(Place place, Rejection why) {
    return new Unconfirmed(place, new byte[0], new Headers(), why);
  }

  Place place() {
    return place;
  }

  long endPosition() {
    return place.held().position();
  }

  byte[] payload() {
    return payload;
  }

  Headers headers() {
    return headers;
  }

  @Nullable Rejection refusal() {
    return refusal;
  }

  /** It is refused after all, by the server. */
  void refuse(Rejection why) {
    refusal = why;
    confirmed = true;
  }

  /** The message before it was refused after all: it follows on the one before that. */
  void follows(long position) {
    place = place.following(position);
    place.writeTo(headers);
  }

  String messageId() {
    return place.messageId();
  }

  boolean confirmed() {
    return confirmed;
  }

  void confirm(long underSequence) {
    if (!confirmed) {
      confirmed = true;
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

  long sentNanos() {
    return sentNanos;
  }

  void sent(long nowNanos) {
    sentNanos = nowNanos;
  }
}
