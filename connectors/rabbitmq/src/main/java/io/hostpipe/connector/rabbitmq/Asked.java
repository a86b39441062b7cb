package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Rejection;
import org.jspecify.annotations.Nullable;

/** A request on its way. Thread rule: what changes, under the lock of {@link Unanswered}. */
final class Asked {
  private static final int OVERHEAD_BYTES = 512;

  private final long endPosition;
  private final String number;
  private final String routingKey;
  private final byte[] payload;
  private final BasicProperties properties;
  private long deadlineNanos;
  private @Nullable RequestLine sentOver;
  private @Nullable Answer answer;
  private @Nullable Rejection refusal;

  /**
   * One that was not sent yet.
   *
   * @param number by which its answer is known
   */
  Asked(
      long endPosition,
      String number,
      String routingKey,
      byte[] payload,
      BasicProperties properties) {
    this.endPosition = endPosition;
    this.number = number;
    this.routingKey = routingKey;
    this.payload = payload;
    this.properties = properties;
  }

  /** Its time begins: until when the answer has to be here, by {@link System#nanoTime}. */
  void waitsUntil(long nanos) {
    deadlineNanos = nanos;
  }

  long endPosition() {
    return endPosition;
  }

  String number() {
    return number;
  }

  String routingKey() {
    return routingKey;
  }

  byte[] payload() {
    return payload;
  }

  BasicProperties properties() {
    return properties;
  }

  /** What it takes in memory, about. */
  long bytes() {
    return (long) payload.length + OVERHEAD_BYTES;
  }

  /** How long its answer may still take. */
  long restNanos() {
    return deadlineNanos - System.nanoTime();
  }

  /** Over what it was sent last; null while it was not. */
  @Nullable RequestLine sentOver() {
    return sentOver;
  }

  void sendsOver(RequestLine line) {
    sentOver = line;
  }

  @Nullable Answer answer() {
    return answer;
  }

  @Nullable Rejection refusal() {
    return refusal;
  }

  /** Whether it is known what became of it. */
  boolean settled() {
    return answer != null || refusal != null;
  }

  /** The first answer counts. */
  void answered(Answer came) {
    if (!settled()) {
      answer = came;
    }
  }

  void refused(Rejection why) {
    if (!settled()) {
      refusal = why;
    }
  }
}
