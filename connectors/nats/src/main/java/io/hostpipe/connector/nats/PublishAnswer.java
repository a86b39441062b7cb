package io.hostpipe.connector.nats;

import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.ApiResponse;
import io.nats.client.support.JsonValueUtils;
import org.jspecify.annotations.Nullable;

/**
 * An answer to a message that was published, by whoever gave it: each that hears the subject may
 * answer, and the stream that is written is one of them. Its answers name it, and those by which it
 * refuses a message carry an error of JetStream with its number; whatever the library makes of text
 * that it cannot read has none.
 *
 * <p>Thread rule: immutable.
 */
final class PublishAnswer extends ApiResponse<PublishAnswer> {
  /** What a server says where nobody hears a subject (NATS documentation, "Headers"). */
  private static final int NO_RESPONDERS = 503;

  private final boolean unheard;

  /** Whose answer it is. */
  enum Kind {
    /** The stream has the message, under {@link #sequence}. */
    STORED,
    /** The stream says that it knows the message already. */
    KNOWN,
    /** The stream does not take the message: {@link #failure}. */
    REFUSED,
    /** The server says that no stream and nobody else hears the subject. */
    UNHEARD,
    /** Somebody else's, about whom nothing is known. */
    FOREIGN
  }

  PublishAnswer(Message answer) {
    super(answer.isStatusMessage() ? null : answer);
    this.unheard = answer.isStatusMessage() && answer.getStatus().getCode() == NO_RESPONDERS;
  }

  /**
   * Whose answer it is.
   *
   * @param streamName of the stream that is written
   */
  Kind kind(String streamName) {
    if (unheard) {
      return Kind.UNHEARD;
    }
    String said = JsonValueUtils.readString(jv, "stream");
    if (hasError()) {
      boolean ofThisStream = said == null || said.isEmpty() || said.equals(streamName);
      return getApiErrorCode() > 0 && ofThisStream ? Kind.REFUSED : Kind.FOREIGN;
    }
    if (!streamName.equals(said)) {
      return Kind.FOREIGN;
    }
    if (JsonValueUtils.readBoolean(jv, "duplicate")) {
      return Kind.KNOWN;
    }
    return sequence() > 0 ? Kind.STORED : Kind.FOREIGN;
  }

  /** Under which number the stream has the message; 0 when it does not say. */
  long sequence() {
    return JsonValueUtils.readLong(jv, "seq", 0);
  }

  /** Why the stream does not take it; null when it does not say. */
  @Nullable JetStreamApiException failure() {
    try {
      var _ = throwOnHasError();
      return null;
    } catch (JetStreamApiException e) {
      return e;
    }
  }
}
