package io.hostpipe;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One message: received, with its acknowledgement, or made here to be sent.
 *
 * <p>Holds its payload itself, so it may be kept. Thread rule: any thread, one at a time.
 */
public final class Message {
  private final @Nullable Source source;
  private final long endPosition;
  private final byte[] payload;
  private final Headers headers;

  Message(@Nullable Source source, long endPosition, byte[] payload, Headers headers) {
    this.source = source;
    this.endPosition = endPosition;
    this.payload = payload;
    this.headers = headers;
  }

  /**
   * A message to be sent, without headers.
   *
   * @param payload not copied: the message keeps this very array
   */
  public static Message of(byte[] payload) {
    return of(payload, Headers.EMPTY);
  }

  /**
   * A message to be sent. Nobody waits to hear of it: its {@link #commit} and {@link #reject} do
   * nothing, and its position is 0.
   *
   * @param payload not copied: the message keeps this very array
   */
  public static Message of(byte[] payload, Headers headers) {
    return new Message(null, 0, payload, headers);
  }

  /** The payload; the message's own array. */
  public byte[] payload() {
    return payload;
  }

  /** The payload as UTF-8. */
  public String text() {
    return new String(payload, StandardCharsets.UTF_8);
  }

  /** Its headers. */
  public Headers headers() {
    return headers;
  }

  /** Its key, when it has one. */
  public byte @Nullable [] key() {
    return headers.value(Headers.KEY);
  }

  /**
   * A message with these headers and another payload, for whoever changes messages on their way; to
   * commit or reject it is to commit or reject this one.
   *
   * @param other not copied: the message keeps this very array
   */
  public Message withPayload(byte[] other) {
    return new Message(source, endPosition, other, headers);
  }

  /** The position behind it in the stream that it came from. */
  public long endPosition() {
    return endPosition;
  }

  /**
   * Commits this message and all before it: the peer hears that they are dealt with. Never blocks
   * for the peer.
   *
   * @throws PipeException when the pipe ended: whether the peer heard of it is uncertain
   */
  public void commit() throws PipeException {
    if (source != null) {
      source.commit(endPosition);
    }
  }

  /** Refuses this message for good; a later commit passes it. */
  public void reject(Rejection why) throws PipeException {
    if (source != null) {
      source.reject(endPosition, why);
    }
  }
}
