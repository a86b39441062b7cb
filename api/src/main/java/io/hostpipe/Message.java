package io.hostpipe;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One received message with its acknowledgement.
 *
 * <p>Holds a copy of its payload, so it may be kept. Thread rule: the reader's thread.
 */
public final class Message {
  private final Source source;
  private final long endPosition;
  private final byte[] payload;
  private final Headers headers;

  Message(Source source, long endPosition, byte[] payload, Headers headers) {
    this.source = source;
    this.endPosition = endPosition;
    this.payload = payload;
    this.headers = headers;
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

  /** The position behind it. */
  public long endPosition() {
    return endPosition;
  }

  /** Commits this message and all before it. */
  public void commit() throws PipeException {
    source.commit(endPosition);
  }

  /** Refuses this message for good; a later commit passes it. */
  public void reject(Rejection why) throws PipeException {
    source.reject(endPosition, why);
  }
}
