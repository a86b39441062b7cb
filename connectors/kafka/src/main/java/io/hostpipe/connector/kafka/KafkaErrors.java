package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Attempts;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidGroupIdException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedCompressionTypeException;
import org.apache.kafka.common.errors.UnsupportedForMessageFormatException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/** What Kafka's clients throw, in the words of a pipe: by type, never by text. */
final class KafkaErrors {
  private KafkaErrors() {}

  /** Whether there is no such topic. */
  static boolean isNotFound(Throwable thrown) {
    Throwable why = causeOf(thrown);
    return why instanceof UnknownTopicOrPartitionException
        || why instanceof UnknownTopicIdException;
  }

  /** An interrupt that the library made an exception of its own of. */
  static InterruptedException interrupted(InterruptException thrown) {
    // The library has set the flag again; who throws on does not.
    boolean _ = Thread.interrupted();
    InterruptedException interrupted = new InterruptedException("interrupted in Kafka's client");
    interrupted.initCause(thrown);
    return interrupted;
  }

  /**
   * What a pipe says of it.
   *
   * @param what was wanted, in words that a colon may follow
   */
  static PipeException of(KafkaOptions options, String what, Throwable thrown) {
    Throwable why = causeOf(thrown);
    String text = options.address() + ": " + what + ": " + Attempts.reason(why);
    return switch (why) {
      case PipeException known -> known;
      case SslAuthenticationException e ->
          new PipeException.Refused(
              Status.UNAUTHENTICATED,
              options.address()
                  + ": the certificate of the server is not trusted, or this side's was refused: "
                  + Attempts.reason(deepest(e))
                  + "; ca=PATH names the file of those who vouch for the server, cert=PATH says who"
                  + " this side is",
              e);
      case AuthenticationException e ->
          new PipeException.Refused(
              Status.UNAUTHENTICATED,
              text + "; give user:password@ in the address and sasl=, tls, or config=PATH",
              e);
      case AuthorizationException e ->
          new PipeException.Refused(
              Status.PERMISSION_DENIED, text + "; the user lacks a right: " + right(options, e), e);
      case UnsupportedVersionException e ->
          new PipeException.Refused(
              Status.UNIMPLEMENTED, text + "; the broker is older than Kafka 2.5", e);
      case RecordTooLargeException e ->
          new PipeException.Refused(
              Status.OUT_OF_RANGE,
              text
                  + "; if the topic has come to take less (max.message.bytes), start the same"
                  + " command again, which refuses what is too long or puts it aside",
              e);
      case ApiException e when isForGood(e) ->
          new PipeException.Refused(Status.FAILED_PRECONDITION, text, e);
      case ConfigException _ -> new PipeException.Config(text);
      case TimeoutException e ->
          new PipeException.Unreachable(
              text
                  + "; is this the port of a broker, does it want tls or a user, and are the brokers"
                  + " well?",
              e);
      default -> new PipeException.Unreachable(text, why);
    };
  }

  /** Whether the brokers would say the same again, of all that is no matter of rights. */
  private static boolean isForGood(ApiException why) {
    return why instanceof InvalidReplicationFactorException
        || why instanceof InvalidPartitionsException
        || why instanceof InvalidTopicException
        || why instanceof InvalidGroupIdException
        || why instanceof InvalidConfigurationException
        || why instanceof InvalidTxnTimeoutException
        || why instanceof InvalidTimestampException
        || why instanceof InvalidRecordException
        || why instanceof UnsupportedCompressionTypeException
        || why instanceof UnsupportedForMessageFormatException
        || why instanceof PolicyViolationException;
  }

  private static String right(KafkaOptions options, AuthorizationException why) {
    return switch (why) {
      case TopicAuthorizationException e ->
          "on "
              + (e.unauthorizedTopics().isEmpty()
                  ? "[" + options.topic() + "]"
                  : e.unauthorizedTopics())
              + " to read, write, describe or create";
      case GroupAuthorizationException e ->
          "READ on the group " + (e.groupId() == null ? "that is named" : e.groupId());
      case TransactionalIdAuthorizationException _ ->
          "WRITE on the transactional id, which begins with " + Place.NAME_PREFIX;
      default -> "as the broker says";
    };
  }

  private static Throwable deepest(Throwable failure) {
    Throwable deepest = failure;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return deepest;
  }

  private static Throwable causeOf(Throwable thrown) {
    Throwable why = thrown;
    while (why.getCause() != null
        && (why instanceof ExecutionException
            || why instanceof CompletionException
            || (why instanceof KafkaException && !(why instanceof ApiException)))) {
      why = why.getCause();
    }
    return why;
  }
}
