package io.hostpipe.spi;

import io.hostpipe.AckLevel;
import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import org.jspecify.annotations.Nullable;

/**
 * What a connector is given when it opens an end.
 *
 * @param pool where blocks come from
 * @param encoding whether the caller moves bytes or messages
 * @param stream the id of the stream that goes out; null lets the connector choose
 * @param sends whether the caller will write
 * @param receives whether the caller will read
 * @param ack what an acknowledgement must mean
 * @param retry how broken links are tried again
 * @param events who is told about the link's state
 */
public record PipeContext(
    BlockPool pool,
    Encoding encoding,
    @Nullable StreamId stream,
    boolean sends,
    boolean receives,
    AckLevel ack,
    RetryPolicy retry,
    PipeEvents events) {
  /** Messages both ways with the defaults. */
  public static PipeContext messages(BlockPool pool) {
    return new PipeContext(
        pool,
        Encoding.RECORDS,
        null,
        true,
        true,
        AckLevel.APPLIED,
        RetryPolicy.DEFAULT,
        PipeEvents.SILENT);
  }

  /** The same for bytes or messages. */
  public PipeContext withEncoding(Encoding other) {
    return new PipeContext(pool, other, stream, sends, receives, ack, retry, events);
  }

  /** The same with another stream id. */
  public PipeContext withStream(StreamId other) {
    return new PipeContext(pool, encoding, other, sends, receives, ack, retry, events);
  }

  /** The same for these directions. */
  public PipeContext withDirections(boolean willSend, boolean willReceive) {
    return new PipeContext(pool, encoding, stream, willSend, willReceive, ack, retry, events);
  }

  /** The same with another acknowledgement level. */
  public PipeContext withAck(AckLevel other) {
    return new PipeContext(pool, encoding, stream, sends, receives, other, retry, events);
  }

  /** The same with other limits of retrying. */
  public PipeContext withRetry(RetryPolicy other) {
    return new PipeContext(pool, encoding, stream, sends, receives, ack, other, events);
  }

  /** The same, told to someone else. */
  public PipeContext withEvents(PipeEvents other) {
    return new PipeContext(pool, encoding, stream, sends, receives, ack, retry, other);
  }
}
