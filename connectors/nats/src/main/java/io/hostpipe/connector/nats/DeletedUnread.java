package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.spi.PipeEvents;

/**
 * What is said of messages that a stream deleted before they were read, and whether a reader goes on
 * behind them.
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
   * @param ours whether all of them had the subject; else nobody can tell which had
   * @throws PipeException to anybody else
   */
  void tell(String stream, long from, long to, boolean ours) throws PipeException {
    String what = words(stream, from, to, ours);
    if (!options.goesOnBehindLoss()) {
      throw new PipeException.DataLoss(what + "; lost=continue goes on behind them");
    }
    events.warning(what);
  }

  /** Says that some are perhaps missing, where that ends nothing. */
  void warn(String stream, long from, long to) {
    events.warning(words(stream, from, to, false));
  }

  private String words(String stream, long from, long to, boolean ours) {
    return options.address()
        + ": the messages with sequences "
        + from
        + " to "
        + to
        + " of the stream "
        + stream
        + " were deleted before they were read"
        + (ours
            ? ""
            : ", as far as they had the subject "
                + options.subject()
                + ": the stream may have others, and nobody can tell whose these were");
  }
}
