package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.spi.PipeEvents;

/**
 * What is said of messages that a stream deleted before they were read, and whether a reader goes
 * on behind them.
 *
 * <p>Thread rule: as {@link io.hostpipe.Source}.
 */
final class DeletedUnread {
  private final NatsOptions options;
  private final PipeEvents events;

  DeletedUnread(NatsOptions options, PipeEvents events) {
    this.options = options;
    this.events = events;
  }

  /**
   * Says which, to whoever goes on.
   *
   * @param least how many of them were, at least; 0 where nobody can tell which had the subject
   * @throws PipeException to anybody else
   */
  void tell(String stream, long from, long to, long least) throws PipeException {
    String what = words(stream, from, to, least);
    if (!options.goesOnBehindLoss()) {
      throw new PipeException.DataLoss(what + "; lost=continue goes on behind them");
    }
    events.warning(what);
  }

  /** Says that some are perhaps missing, where that ends nothing. */
  void warn(String stream, long from, long to) {
    events.warning(words(stream, from, to, 0));
  }

  private String words(String stream, long from, long to, long least) {
    return options.address()
        + ": "
        + (least > 0 && least <= to - from ? "at least " + least + " of " : "")
        + "the messages with sequences "
        + from
        + " to "
        + to
        + " of the stream "
        + stream
        + " were deleted before they were read"
        + (least > 0
            ? ""
            : ", as far as they had the subject "
                + options.subject()
                + ": the stream may have others, and nobody can tell whose these were");
  }
}
