package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Status;

/** Commands of RabbitMQ's stream protocol, and what its answers mean for a pipe. */
final class StreamCodes {
  static final int DECLARE_PUBLISHER = 1;
  static final int PUBLISH = 2;
  static final int PUBLISH_CONFIRM = 3;
  static final int PUBLISH_ERROR = 4;
  static final int QUERY_PUBLISHER_SEQUENCE = 5;
  static final int SUBSCRIBE = 7;
  static final int DELIVER = 8;
  static final int CREDIT = 9;
  static final int UNSUBSCRIBE = 12;
  static final int CREATE = 13;
  static final int METADATA = 15;
  static final int METADATA_UPDATE = 16;
  static final int PEER_PROPERTIES = 17;
  static final int SASL_HANDSHAKE = 18;
  static final int SASL_AUTHENTICATE = 19;
  static final int TUNE = 20;
  static final int OPEN = 21;
  static final int CLOSE = 22;
  static final int HEARTBEAT = 23;

  /** Set in the command of an answer. */
  static final int ANSWER = 0x8000;

  static final int OK = 1;
  static final int NO_STREAM = 2;
  static final int STREAM_EXISTS = 5;
  static final int NOT_AVAILABLE = 6;
  static final int NO_SUCH_MECHANISM = 7;
  static final int NOT_AUTHENTICATED = 8;
  static final int SASL_ERROR = 9;
  static final int NOT_FROM_THERE = 11;
  static final int NO_VIRTUAL_HOST = 12;
  static final int FRAME_TOO_LARGE = 14;
  static final int ACCESS_REFUSED = 16;
  static final int PRECONDITION_FAILED = 17;

  private StreamCodes() {}

  /** A failure that the server names by a number. */
  static PipeException of(String what, int code) {
    return switch (code) {
      case NO_STREAM ->
          new PipeException.Unreachable(Status.NOT_FOUND, what + ": there is no such stream", null);
      case NOT_AVAILABLE ->
          new PipeException.Unreachable(
              what + ": the stream is not available on this server for now", null);
      case NO_SUCH_MECHANISM, NOT_AUTHENTICATED, SASL_ERROR, NOT_FROM_THERE ->
          new PipeException.Refused(
              Status.UNAUTHENTICATED,
              what
                  + ": the server wants another user or password; give them as user:password@ in"
                  + " the address (guest may come from the server's own host only)");
      case NO_VIRTUAL_HOST ->
          new PipeException.Refused(
              Status.PERMISSION_DENIED,
              what
                  + " is not there, or the user may not enter it"
                  + AmqpErrors.RIGHTS
                  + ", and makes a virtual host with add_vhost");
      case ACCESS_REFUSED ->
          new PipeException.Refused(
              Status.PERMISSION_DENIED, what + ": the user has no right to it" + AmqpErrors.RIGHTS);
      case PRECONDITION_FAILED ->
          new PipeException.Refused(
              Status.FAILED_PRECONDITION, what + ": it is there, and is another one");
      case FRAME_TOO_LARGE ->
          new PipeException.Refused(
              Status.OUT_OF_RANGE, what + ": longer than the server takes (stream.frame_max)");
      default ->
          new PipeException.Unreachable(what + ": the server answered with code " + code, null);
    };
  }
}
