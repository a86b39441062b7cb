package io.hostpipe.spi;

import io.hostpipe.Rejection;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way into a broker, kept in a {@link ConfirmWindow} until the broker has it.
 *
 * <p>States: sent or about to be; confirmed; refused, which counts as confirmed, for nobody waits
 * for it any more. Thread rule: what changes, under the lock of its window; what it is sent over,
 * on the thread that sends, or under that lock as well.
 */
public abstract class UnconfirmedMessage {
  private final long endPosition;
  private final int lengthBytes;
  private @Nullable Rejection refusal;
  private boolean confirmed;
  private long sentNanos;
  private Republisher.@Nullable Route sentOver;

  /**
   * A message of a stream.
   *
   * @param lengthBytes what it takes of the window
   * @param refusal why it is not sent at all: it waits for those before it, to be told in its turn;
   *     null to send it
   */
  protected UnconfirmedMessage(long endPosition, int lengthBytes, @Nullable Rejection refusal) {
    this.endPosition = endPosition;
    this.lengthBytes = lengthBytes;
    this.refusal = refusal;
    this.confirmed = refusal != null;
  }

  /** Where it ends in its stream. */
  public final long endPosition() {
    return endPosition;
  }

  /** Why it is refused; null when it is not. */
  public final @Nullable Rejection refusal() {
    return refusal;
  }

  /** Whether nobody has to wait for it. */
  public final boolean confirmed() {
    return confirmed;
  }

  /** The broker has it. */
  public final void confirm() {
    confirmed = true;
  }

  /** It is refused after all, by the broker. */
  public final void refuse(Rejection why) {
    refusal = why;
    confirmed = true;
  }

  /** Whether it was ever sent. */
  public final boolean isSent() {
    return sentOver != null;
  }

  /** Whether it was last sent over this very route. */
  @SuppressWarnings("ReferenceEquality") // A route is itself and no other.
  public final boolean isSentOver(Republisher.Route route) {
    return sentOver == route;
  }

  /** It is about to be sent. */
  public final void sendsOver(Republisher.Route route) {
    sentOver = route;
  }

  final int lengthBytes() {
    return lengthBytes;
  }

  final long sentNanos() {
    return sentNanos;
  }

  final void sent(long nowNanos) {
    sentNanos = nowNanos;
  }
}
