package io.hostpipe;

/**
 * One message that came in, with the value that was parsed from it; from {@link TypedMessages}.
 *
 * <p>Thread rule: any thread, one at a time.
 *
 * @param <T> what it was parsed to
 */
public final class TypedMessage<T> {
  private final TypedMessages<T> from;
  private final Message message;
  private final T value;

  /** The last of the messages that a commit stands for; under the lock of {@link #from}. */
  private Message last;

  TypedMessage(TypedMessages<T> from, Message message, T value) {
    this.from = from;
    this.message = message;
    this.value = value;
    this.last = message;
  }

  /** What the payload was parsed to. */
  public T value() {
    return value;
  }

  /** The payload as it came; the message's own array. */
  public byte[] payload() {
    return message.payload();
  }

  /** Its headers. */
  public Headers headers() {
    return message.headers();
  }

  /** The position behind it in the stream that it came from. */
  public long endPosition() {
    return message.endPosition();
  }

  /**
   * Commits this message and all before it, and those directly behind it that did not parse: the
   * peer hears that they are dealt with. Never blocks for the peer.
   *
   * @throws PipeException when the pipe ended: whether the peer heard of it is uncertain
   */
  public void commit() throws PipeException {
    from.commit(this);
  }

  /** Refuses this message for good; a later commit, this one's too, passes it. */
  public void reject(Rejection why) throws PipeException {
    message.reject(why);
  }

  Message last() {
    return last;
  }

  /** A message directly behind what this one stands for was refused. */
  void passTo(Message refused) {
    last = refused;
  }
}
