package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.spi.PipeEvents;

/** What becomes of a reader when messages were deleted before it read them. */
final class Lost {
  private Lost() {}

  /** The messages from one offset to before another are gone, in words for a person. */
  static String between(long from, long behind, int partition) {
    return "the messages with offsets "
        + from
        + " to "
        + (behind - 1)
        + " of partition "
        + partition
        + " are not there any more";
  }

  /**
   * Says it, and goes on where the options say so.
   *
   * @param what is not there, as a sentence without an end
   */
  static void say(KafkaOptions options, PipeEvents events, String what)
      throws PipeException.DataLoss {
    if (!options.goesOnBehindLoss()) {
      throw new PipeException.DataLoss(
          options.address()
              + ": "
              + what
              + ": they were deleted before they were read; lost=continue goes on behind them");
    }
    events.warning(options.address() + ": " + what);
  }

  /** A place that the partition does not reach: what was there is gone from the brokers. */
  static PipeException.DataLoss beyond(KafkaOptions options, int partition, String where) {
    return new PipeException.DataLoss(
        options.address()
            + ": partition "
            + partition
            + " "
            + where
            + ": the brokers lost what they had (an election of a leader that did not have it, or"
            + " a loss of power)");
  }
}
