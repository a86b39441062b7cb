package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Attempts;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the server's codes (AMQP 0-9-1, section 1.2) mean for a pipe. */
final class AmqpErrors {
  /** What to do where rights are missing. */
  static final String RIGHTS = "; its administrator gives rights with rabbitmqctl set_permissions";

  /**
   * What a server says of a message that is longer than it takes, and of the most that it does. It
   * tells this in no other way.
   */
  private static final Pattern TOO_LONG =
      Pattern.compile(
          "message size [0-9]+ is larger than (?:configured )?max size ([0-9]{1,9})\\b");

  private AmqpErrors() {}

  /** A failure in the server's own words, or the library's. */
  static PipeException of(String what, Throwable why) {
    ShutdownSignalException signal = signal(why);
    if (signal != null) {
      return of(what, signal);
    }
    if (why instanceof AuthenticationFailureException) {
      return new PipeException.Refused(
          Status.UNAUTHENTICATED,
          what
              + ": the server wants another user or password; give them as user:password@ in the"
              + " address (guest may come from the server's own host only)",
          why);
    }
    return new PipeException.Unreachable(what + ": " + Attempts.reason(why), why);
  }

  /** What the server said when it closed a channel or a connection; null when it said nothing. */
  static @Nullable ShutdownSignalException signal(@Nullable Throwable why) {
    for (Throwable each = why; each != null; each = each.getCause()) {
      if (each instanceof ShutdownSignalException signal) {
        return signal;
      }
    }
    return null;
  }

  /** The number of the server's reason; 0 when it gave none. */
  static int code(ShutdownSignalException signal) {
    return switch (signal.getReason()) {
      case AMQP.Channel.Close close -> close.getReplyCode();
      case AMQP.Connection.Close close -> close.getReplyCode();
      case null, default -> 0;
    };
  }

  /** The most bytes of a message, where one was longer; -1 when the server said something else. */
  static int messageBytesMax(ShutdownSignalException signal) {
    Matcher said = TOO_LONG.matcher(text(signal));
    return code(signal) == AMQP.PRECONDITION_FAILED && said.find()
        ? Integer.parseInt(said.group(1))
        : -1;
  }

  /** The server's own words. */
  static String text(ShutdownSignalException signal) {
    return switch (signal.getReason()) {
      case AMQP.Channel.Close close -> close.getReplyText();
      case AMQP.Connection.Close close -> close.getReplyText();
      case null, default -> Attempts.reason(signal.getCause() == null ? signal : signal.getCause());
    };
  }

  private static PipeException of(String what, ShutdownSignalException signal) {
    String text = what + ": " + text(signal);
    return switch (code(signal)) {
      case AMQP.ACCESS_REFUSED ->
          new PipeException.Refused(Status.PERMISSION_DENIED, text + RIGHTS, signal);
      case AMQP.NOT_ALLOWED ->
          new PipeException.Refused(
              Status.PERMISSION_DENIED,
              text + RIGHTS + ", and makes a virtual host with add_vhost",
              signal);
      case AMQP.NOT_FOUND -> new PipeException.Unreachable(Status.NOT_FOUND, text, signal);
      case AMQP.RESOURCE_LOCKED,
          AMQP.PRECONDITION_FAILED,
          AMQP.NOT_IMPLEMENTED,
          AMQP.COMMAND_INVALID ->
          new PipeException.Refused(Status.FAILED_PRECONDITION, text, signal);
      case AMQP.CONTENT_TOO_LARGE -> new PipeException.Refused(Status.OUT_OF_RANGE, text, signal);
      default ->
          signal instanceof AlreadyClosedException && code(signal) == 0
              ? new PipeException.Unreachable(what + ": the connection is closed", signal)
              : new PipeException.Unreachable(text, signal);
    };
  }
}
