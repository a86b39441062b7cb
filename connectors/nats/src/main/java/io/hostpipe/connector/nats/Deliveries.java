package io.hostpipe.connector.nats;

import io.nats.client.Message;
import io.nats.client.api.SequenceInfo;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The numbers of the messages that one reader of a shared consumer gets: its place in the stream,
 * and how many the consumer had given out by then, to anybody. Where the place grows by more than
 * that count, messages in between were given to nobody.
 *
 * <p>What was given out twice is counted twice, so that not all that is missing need show.
 *
 * <p>Thread rule: messages arrive on one thread, what is missing is taken by any.
 */
final class Deliveries {
  /**
   * Messages that were given to nobody.
   *
   * @param from the first sequence that may be one of them
   * @param to the last one
   * @param least how many are, at least
   */
  record Missing(long from, long to, long least) {}

  private final AtomicReference<@Nullable Missing> missing = new AtomicReference<>();

  /** Of the last new message that was given out before, as what follows; 0 for none. */
  private long sequence;

  private long number;

  /**
   * Another connection, over which messages may come once more.
   *
   * @param given what the consumer has given out by now
   */
  void begin(SequenceInfo given) {
    sequence = given.getStreamSequence();
    number = given.getConsumerSequence();
  }

  /** A message has come. */
  void arrived(Message message) {
    if (message.metaData().deliveredCount() > 1) {
      return;
    }
    long before = sequence;
    long given = message.metaData().consumerSequence() - number;
    sequence = message.metaData().streamSequence();
    number = message.metaData().consumerSequence();
    if (before > 0 && given > 0 && sequence - before > given) {
      Missing found = new Missing(before + 1, sequence - 1, sequence - before - given);
      missing.updateAndGet(known ->
          known == null ? found : new Missing(known.from, found.to, known.least + found.least));
    }
  }

  /** What is missing and was not taken yet; null for nothing. */
  @Nullable Missing take() {
    return missing.getAndSet(null);
  }

  /** It could not be looked at, and is taken again. */
  void giveBack(Missing again) {
    missing.updateAndGet(since ->
        since == null ? again : new Missing(again.from, since.to, again.least + since.least));
  }
}
